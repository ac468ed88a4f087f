/** The page of `npm run bench`: measures every case and hands the results to the shell through `window.runBench`. */
import { describeAdapter, isSoftware, openDevice, targetOf } from "../../src/cli/device.ts";
import { CASES, inputsOf, referenceOf, titleOf } from "./cases.ts";
import { jaxOffer } from "./jax.ts";
import { naiveOffer } from "./naive.ts";
import { hideSubgroups, ortOffer } from "./ort.ts";
import { measure, type Measured } from "./rounds.ts";
import { tfxOffers } from "./tfx.ts";

export type PageOptions = {
  readonly rounds: number;
  /** Names of cases; all when empty. */
  readonly only: readonly string[];
  /** Peers that could not be installed, with the reason. */
  readonly missing: string | null;
};

export type CaseResult = { readonly name: string; readonly title: string; readonly candidates: readonly Measured[] };

export type PageResult = {
  readonly adapter: string;
  readonly subgroups: { readonly min: number; readonly max: number } | null;
  readonly software: boolean;
  readonly userAgent: string;
  readonly cases: readonly CaseResult[];
};

const textOf = async (path: string): Promise<string> => (await fetch(path)).text();

/** Set by the shell. */
declare const browserCpuMs: (() => Promise<number | null>) | undefined;

/** The shell's clock of the browser's CPU time; it sends null for NaN. */
const cpu = async (): Promise<number> => (typeof browserCpuMs === "undefined" ? NaN : ((await browserCpuMs()) ?? NaN));

const runBench = async (options: PageOptions): Promise<PageResult> => {
  const adapter = await navigator.gpu?.requestAdapter();
  if (adapter == null) throw new Error("this browser has no WebGPU adapter");
  const target = targetOf(adapter, "tint");
  const device = await openDevice(adapter, target);
  hideSubgroups(new Set([adapter, device]));
  const sources = { kernels: await textOf("/kernels.tfx"), prelude: await textOf("/prelude.tfx") };
  const cases: CaseResult[] = [];
  for (const c of CASES.filter((x) => options.only.length === 0 || options.only.includes(x.name))) {
    console.log(titleOf(c));
    const inputs = inputsOf(c);
    const peers = [ortOffer(c, inputs), jaxOffer(c, inputs)].map((offer) =>
      options.missing === null ? offer : { ...offer, make: () => Promise.reject(new Error(options.missing ?? "")) },
    );
    const offers = [...tfxOffers(device, target, sources, c, inputs), ...peers, naiveOffer(device, c, inputs)];
    const candidates = await measure(offers, referenceOf(c, inputs), options.rounds, cpu, (line) => console.log(line));
    cases.push({ name: c.name, title: titleOf(c), candidates });
  }
  const { subgroups } = target;
  const software = isSoftware(adapter);
  return { adapter: describeAdapter(adapter), subgroups, software, userAgent: navigator.userAgent, cases };
};

Object.assign(globalThis, { runBench });
