/** System errors of listen(2) as trouble that says what to do. */

export interface Trouble {
  /** Listed in docs/errors.md. */
  readonly code: string;
  readonly message: string;
}

const CAUSES: Readonly<Record<string, Trouble>> = {
  EADDRINUSE: {
    code: "HTTP_ADDRESS_IN_USE",
    message: "another process of this pod listens there. Choose another httpPort, or stop it",
  },
  EADDRNOTAVAIL: {
    code: "HTTP_ADDRESS_UNAVAILABLE",
    message: "no interface of this pod has the address. Check httpAddresses and POD_IP",
  },
  EACCES: {
    code: "HTTP_LISTEN_REFUSED",
    message: "ports below 1024 need NET_BIND_SERVICE. Choose another httpPort",
  },
};

export function listenTrouble(address: string, port: number, error: NodeJS.ErrnoException): Trouble {
  const { code = "unknown error" } = error;
  const cause = CAUSES[code] ?? { code: "HTTP_LISTEN_FAILED", message: "the kernel refused" };
  const place = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  return { code: cause.code, message: `cannot serve metrics on ${place} (${code}): ${cause.message}. Trying again` };
}
