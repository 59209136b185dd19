/**
 * Finds a setting's value in all the places where it may be said, strongest first: flag, our environment, kube-vip's
 * environment, global.kubeVip, vCluster's block. Environment beats file because it is nearer to the one container:
 * it can be changed for a test without touching what vCluster reads. Only the value that counts is read.
 */
import type { Problem } from "./config.ts";
import { type Origin, unreadable } from "./problem.ts";
import type { Setting } from "./setting.ts";
import type { FoundValue } from "./vcluster-yaml.ts";

type Place = "flag" | "environment" | "kube-vip" | "file" | "default";

export interface Sources {
  /** By setting name, as commander gives them. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: ReadonlyMap<string, FoundValue>;
}

interface Said {
  readonly text: string;
  readonly place: Place;
  readonly origin: Origin;
}

export interface Given<T> {
  readonly value: T;
  readonly place: Place;
  readonly origin: Origin;
}

/** Lower is stronger. */
const STRENGTH = { flag: 0, environment: 1, "kube-vip": 2, file: 3, default: 4 } as const;

export class Reader {
  readonly #problems: Problem[] = [];
  readonly #sources: Sources;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** Of all that has been read so far. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Adds what was found wrong between values. */
  report(...problems: readonly Problem[]): void {
    this.#problems.push(...problems);
  }

  /** Undefined: not said, or not readable, which is then among the problems. An empty text counts as not said. */
  read<T>(setting: Setting<T>): Given<T> | undefined {
    const said = this.#find(setting);
    if (said === undefined) return undefined;
    const reading = setting.kind.read(said.text);
    if (reading.t === "valid") return { value: reading.value, place: said.place, origin: said.origin };
    this.report(unreadable(said.origin, setting.kind.expected, said.text, reading));
    return undefined;
  }

  /** The default where nothing readable is said; only for settings whose default is a constant. */
  readOrDefault<T>(setting: Setting<T>): Given<T> {
    const given = this.read(setting);
    if (given !== undefined) return given;
    const reading = setting.kind.read(setting.defaultText ?? "");
    if (reading.t === "invalid") throw new TypeError(`the default of ${setting.name} ${reading.reason}`);
    const field = setting.keys[0] ?? `$${setting.env}`;
    return { value: reading.value, place: "default", origin: { field, position: undefined } };
  }

  /** Said in some place, readable or not. */
  isSaid(setting: Setting<unknown>): boolean {
    return this.#find(setting) !== undefined;
  }

  #find({ name, flag, env, kubeVipEnv, keys }: Setting<unknown>): Said | undefined {
    const { flags, env: environment, file } = this.#sources;
    if (flag !== undefined) {
      const text = flags[name];
      if (text) return { text, place: "flag", origin: { field: flag, position: undefined } };
    }
    if (env !== undefined) {
      const text = environment[env];
      if (text) return { text, place: "environment", origin: inEnvironment(env) };
    }
    for (const variable of kubeVipEnv) {
      const text = environment[variable];
      if (text) return { text, place: "kube-vip", origin: inEnvironment(variable) };
    }
    for (const key of keys) {
      const found = file.get(key);
      if (found !== undefined) return { ...found, place: "file" };
    }
    return undefined;
  }
}

/** The same origin with another value, worked out from it. */
export function mapGiven<T, U>(given: Given<T>, change: (value: T) => U): Given<U> {
  return { ...given, value: change(given.value) };
}

/** Of two ways to say the same thing, the one from the stronger place. */
export function stronger<T>(a: Given<T> | undefined, b: Given<T> | undefined): Given<T> | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return STRENGTH[a.place] <= STRENGTH[b.place] ? a : b;
}

function inEnvironment(variable: string): Origin {
  return { field: `$${variable}`, position: undefined };
}
