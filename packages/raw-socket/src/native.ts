/** Finds and loads the native file, once, when the first socket is opened. Knows its functions' types, nothing else. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { RawSocketError } from "./raw-socket-error.ts";

declare const handle: unique symbol;
/** An open socket of the native file. */
export type Handle = { readonly [handle]: true };

/** `negativeErrno` is 0 for a datagram, and then `bytes` is there. The array belongs to the callee. */
export type OnDatagram = (bytes: Uint8Array | undefined, negativeErrno: number) => void;

/** The functions of native/raw_socket.c. The open functions throw Error{syscall, errno}. */
export interface Native {
  openPacket(etherType: number, linkIndex: number, filter: Uint8Array, onDatagram: OnDatagram): Handle;
  openNetlink(protocol: number, groups: number, receiveBufferBytes: number, onDatagram: OnDatagram): Handle;
  send(handle: Handle, bytes: Uint8Array): number;
  receive(handle: Handle): void;
  portId(handle: Handle): number;
  keepAlive(handle: Handle, wanted: boolean): void;
  pause(handle: Handle, wanted: boolean): void;
  close(handle: Handle): void;
}

let loaded: Native | undefined;

/** @throws RawSocketError RAW_SOCKET_UNSUPPORTED off Linux, or where the file is missing or does not fit. */
export function native(): Native {
  loaded ??= load();
  return loaded;
}

function load(): Native {
  if (process.platform !== "linux") throw unsupported(`${process.platform} has no AF_PACKET and AF_NETLINK. Use Linux`);
  const name = `raw_socket-linux-${process.arch}.node`;
  // From the sources it lies in ../build; bundled into one file it lies beside the bundle.
  const candidates = [`../build/${name}`, `./${name}`].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const path = candidates.find((candidate) => existsSync(candidate));
  if (path === undefined) throw unsupported(`${name} is missing. Run \`npx -y pnpm@12 install\``);
  // Not require(): bundlers look inside it.
  const module = { exports: {} };
  try {
    process.dlopen(module, path);
  } catch (cause) {
    throw unsupported(`${path} cannot be loaded. Compile it on this system with \`npx -y pnpm@12 install\``, cause);
  }
  return module.exports as Native;
}

function unsupported(why: string, cause?: unknown): RawSocketError {
  return new RawSocketError("RAW_SOCKET_UNSUPPORTED", `cannot open a socket: ${why}.`, { cause });
}
