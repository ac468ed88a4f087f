/** The state of the page and its form in a link. */
import type { Kept, State } from "./protocol.ts";

const TEXT = `/// Causal attention, as it is written on paper.
kernel attention(
  q: f32[b: B, h: H, i: N, d: D],
  k: f32[b, h, j: M, d],
  v: f32[b, h, j, d],
) -> (o: f32[b, h, i, d], lse: f32[b, h, i]) {
  let s = sum[d](q * k) / sqrt(D) where causal(i, j)
  o = sum[j](softmax[j](s) * v)
  lse = logsumexp[j](s)
}
`;

export const START: State = {
  text: TEXT,
  kernel: null,
  target: "baseline",
  values: {},
  fixed: [],
  types: {},
  length: 1024,
  value: null,
  at: [],
  seed: 1,
  kept: null,
  panes: ["derivation", "wgsl"],
};

/** Longest text of a link that is read: what is longer was not made here. */
const LONGEST = 200_000;

const through = async (
  bytes: Uint8Array<ArrayBuffer>,
  by: CompressionStream | DecompressionStream,
): Promise<Uint8Array> => {
  const stream = new Blob([bytes]).stream().pipeThrough(by);
  return new Uint8Array(await new Response(stream).arrayBuffer());
};

/** What differs from the start, compressed, in letters that a URL may have. */
export const toHash = async (state: State): Promise<string> => {
  const own = Object.entries(state).filter(([name, value]) => {
    return JSON.stringify(value) !== JSON.stringify(START[name as keyof State]);
  });
  if (own.length === 0) return "";
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(own)));
  const packed = await through(json, new CompressionStream("deflate-raw"));
  return btoa(Array.from(packed, (n) => String.fromCharCode(n)).join(""))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
};

const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === "object" && x !== null && !Array.isArray(x);
const text = (x: unknown, other: string): string => (typeof x === "string" ? x : other);
const whole = (x: unknown, other: number): number => (Number.isInteger(x) ? (x as number) : other);
const record = <T>(x: unknown, is: (v: unknown) => v is T): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(isRecord(x) ? x : {}).filter((e): e is [string, T] => is(e[1])));
const isText = (x: unknown): x is string => typeof x === "string";
const isNumber = (x: unknown): x is number => typeof x === "number" && Number.isFinite(x);

/** What of a state is kept to be compared with. */
export const keptOf = ({ text, kernel, target, values, fixed, types }: State): Kept => ({
  text,
  kernel,
  target,
  values,
  fixed,
  types,
});

/** A state from anything: what is missing or odd is as at the start. */
const stateFrom = (x: unknown): State => {
  if (!isRecord(x)) return START;
  const panes = Array.isArray(x["panes"]) ? x["panes"] : START.panes;
  return {
    text: text(x["text"], START.text),
    kernel: isText(x["kernel"]) ? x["kernel"] : null,
    target: text(x["target"], START.target),
    values: record(x["values"], isNumber),
    fixed: Array.isArray(x["fixed"]) ? x["fixed"].filter(isText) : [],
    types: record(x["types"], isText),
    length: Math.min(65536, Math.max(1, whole(x["length"], START.length))),
    value: isText(x["value"]) ? x["value"] : null,
    at: Array.isArray(x["at"]) ? x["at"].filter(isNumber) : [],
    seed: whole(x["seed"], START.seed),
    kept: isRecord(x["kept"]) ? keptOf(stateFrom({ ...x["kept"], kept: null })) : null,
    panes: [text(panes[0], START.panes[0]), text(panes[1], START.panes[1])],
  };
};

/** The state that a link is of; null for a link that was broken on its way. */
export const fromHash = async (hash: string): Promise<State | null> => {
  const packed = hash.replace(/^#/, "");
  if (packed === "") return START;
  if (packed.length > LONGEST) return null;
  try {
    const letters = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(letters, (c) => c.charCodeAt(0));
    const json = await through(bytes, new DecompressionStream("deflate-raw"));
    return stateFrom(JSON.parse(new TextDecoder().decode(json)));
  } catch {
    return null;
  }
};
