/** Answers that may be another one next time: time-outs, too many requests, a server that restarts. */
export const passingStatuses: readonly number[] = [408, 429, 500, 502, 503, 504];

/**
 * Why a request got no answer, or only a part of one, in a word or two.
 *
 * @returns `unknown` is true where there is no such machine or no way to it; a connection that was refused or broke off may work later
 */
export function connectionFailure(error: unknown): { readonly why: string; readonly unknown: boolean } {
  const { name, message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
  const why = ["AbortError", "TimeoutError"].includes(name) ? "silent for too long" : (cause?.code ?? cause?.message ?? message);
  return { why, unknown: ["ENOTFOUND", "ENETUNREACH", "EHOSTUNREACH"].includes(why) };
}
