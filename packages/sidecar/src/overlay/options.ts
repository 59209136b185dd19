/** What may be asked of the overlay on the command line, and the sentences that answer what cannot be. */
import { VERSION } from "../version.ts";
import { type Amounts, type ContainerOptions, NAME, RESOURCES } from "./container.ts";

/** As given on the command line; absent: the default. */
export interface OverlayFlags {
  readonly image?: string;
  readonly imagePullPolicy?: string;
  readonly imagePullSecret?: readonly string[];
  /** "cpu=10m,memory=32Mi", as kubectl set resources takes it; "" for none. */
  readonly requests?: string;
  readonly limits?: string;
}

export interface OverlayOptions {
  readonly container: ContainerOptions;
  /** Of the control plane's service account: a pod has no other place for them in the chart. */
  readonly pullSecrets: readonly string[];
}

export type OptionsReading =
  | { readonly t: "valid"; readonly options: OverlayOptions }
  /** Expected, found, what to do. */
  | { readonly t: "invalid"; readonly sentences: readonly string[] };

const IMAGE = /^[a-zA-Z0-9][\w.:/-]*(?:@[a-z0-9]+:[0-9a-f]{32,})?$/;
const SECRET = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;
const RESOURCE = /^[a-z0-9](?:[-a-z0-9./]{0,120}[a-z0-9])?$/;
/** Kubernetes' quantities. */
const QUANTITY = /^(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?$/;

const DEFAULT_IMAGE = `${NAME}:${VERSION}`;

export function readOptions(flags: OverlayFlags): OptionsReading {
  const { image = DEFAULT_IMAGE, imagePullPolicy: pullPolicy, imagePullSecret: pullSecrets = [] } = flags;
  const requests = readAmounts(flags.requests, RESOURCES.requests);
  const limits = readAmounts(flags.limits, RESOURCES.limits);
  const wrong = [
    ...(IMAGE.test(image)
      ? []
      : [sentence("--image", "an image, as in my.registry/team/name:tag", image, "correct it")]),
    ...pullSecrets
      .filter((name) => !SECRET.test(name))
      .map((name) =>
        sentence("--image-pull-secret", "a Secret's name", name, "name one of the control plane's namespace"),
      ),
    ...("found" in requests ? [amountSentence("--requests", requests.found)] : []),
    ...("found" in limits ? [amountSentence("--limits", limits.found)] : []),
  ];
  if (wrong.length > 0 || "found" in requests || "found" in limits) return { t: "invalid", sentences: wrong };
  const container = { image, pullPolicy, requests: requests.amounts, limits: limits.amounts };
  return { t: "valid", options: { container, pullSecrets: [...new Set(pullSecrets)] } };
}

function readAmounts(text: string | undefined, byDefault: Amounts): { amounts: Amounts } | { found: string } {
  if (text === undefined) return { amounts: byDefault };
  const pairs = text === "" ? [] : text.split(",").map((part) => part.split("="));
  const amounts: Record<string, string> = {};
  for (const [name = "", amount = "", ...rest] of pairs) {
    const isRead = RESOURCE.test(name) && QUANTITY.test(amount) && rest.length === 0 && !(name in amounts);
    if (!isRead) return { found: [name, amount, ...rest].join("=") };
    amounts[name] = amount;
  }
  return { amounts };
}

function amountSentence(flag: string, found: string): string {
  return sentence(flag, "amounts, as in cpu=10m,memory=32Mi", found, "write name=amount once for each, or '' for none");
}

function sentence(flag: string, expected: string, found: string, cure: string): string {
  return `${flag}: expected ${expected}; found ${JSON.stringify(found)}: ${cure}`;
}
