/** `demo`'s few options, read strictly. */
import type { ApiKind } from "./cast.ts";

export type Arguments =
  | { readonly t: "play"; readonly api: ApiKind }
  | { readonly t: "help" }
  | { readonly t: "wrong"; readonly sentence: string };

export const HELP = `Usage: npx -y pnpm@12 demo [--api embedded|real]

Three replicas of the sidecar, a worker on the segment and a client behind a
gateway, each in a network namespace of its own, play a story of stops and
losses. Addresses, rules, routes and ARP are the kernel's own. It ends within
90 s with a table of what was lost; Ctrl-C ends it at once and leaves nothing.

  --api embedded   a Lease API within the demo (default; nothing to install)
  --api real       a kube-apiserver and an etcd member in every pod; they are
                   taken from KUBEBUILDER_ASSETS, or built once with Go
  --help           this text

On a terminal the story is a live picture (NO_COLOR=1: without colours), in a
pipe plain lines. Needs iproute2 and util-linux, and root or a kernel that
allows user namespaces. The exit status is not 0 if the VIP ended unreachable
or two replicas ever answered for it.
`;

export function readArguments(argv: readonly string[]): Arguments {
  let api: ApiKind = "embedded";
  const left = argv.flatMap((argument) => argument.split(/(?<=^--api)=/)).filter((argument) => argument !== "--");
  for (let index = 0; index < left.length; index += 1) {
    const argument = left[index];
    if (argument === "--help" || argument === "-h") return { t: "help" };
    if (argument !== "--api") return wrong(`unknown option ${argument}`);
    index += 1;
    const value = left[index];
    if (value !== "embedded" && value !== "real")
      return wrong(`--api wants "embedded" or "real", not ${value ?? "nothing"}`);
    api = value;
  }
  return { t: "play", api };
}

function wrong(what: string): Arguments {
  return { t: "wrong", sentence: `demo: ${what}; see --help.` };
}
