/** Mesa's final assembly for AMD GPUs (GFX11, which is RDNA3) as loops of instructions, and what an instruction costs. */

export type Instruction = {
  readonly op: string;
  readonly args: string;
  readonly target: string | null;
  readonly to: number;
};

/** The instructions of the last program of a driver's text. */
export const parseAssembly = (text: string): readonly Instruction[] => {
  const from = text.lastIndexOf("==== Assembly");
  if (from < 0) return [];
  const labels = new Map<string, number>();
  const found: { op: string; args: string; target: string | null }[] = [];
  for (const raw of text.slice(from).split("\n").slice(1)) {
    const label = /^(BB\d+):/.exec(raw)?.[1];
    if (label !== undefined) labels.set(label, found.length);
    const line = (raw.split(";")[0] ?? "").trim();
    if (label !== undefined || !/^[a-z]/.test(line)) continue;
    const [op = ""] = line.split(/\s/, 1);
    const args = line.slice(op.length).trim();
    found.push({ op, args, target: /^s_c?branch/.test(op) ? (/BB\d+/.exec(args)?.[0] ?? null) : null });
  }
  return found.map((i) => ({ ...i, to: i.target === null ? -1 : (labels.get(i.target) ?? -1) }));
};

/** What instructions do, summed. Multiply-adds a lane; bytes a lane. */
export type Work = {
  fma: number;
  ldsBytes: number;
  ldsLoaded: number;
  memoryBytes: number;
  valu: number;
  slow: number;
  scalar: number;
};

export const noWork = (): Work => ({ fma: 0, ldsBytes: 0, ldsLoaded: 0, memoryBytes: 0, valu: 0, slow: 0, scalar: 0 });

export const addWork = (to: Work, of: Work, times: number): void => {
  for (const k of Object.keys(to) as (keyof Work)[]) to[k] += times * of[k];
};

const bytesOf = (op: string): number => {
  const bits = /_b(\d+)/.exec(op)?.[1];
  const two = /_2addr/.test(op) ? 2 : 1;
  return (bits === undefined ? 4 : Number(bits) / 8) * two;
};

/** What a wave of 64 issues in one cycle and not in two on GFX11: `is_dual_issue_capable` of Mesa's aco_statistics.cpp. */
const PAIRED =
  /^v_(fma|fmac|fmaak|fmamk|mul|mul_legacy|add|sub|subrev|max|min)_f(32|16)|^v_(mov|cndmask)_b(32|16)|^v_dot2c?_f32_f16|^v_writelane/;
export const SLOW = /^v_(exp|log|rcp|rsq|sqrt|sin|cos|rcp_iflag)_f(16|32)/;
const QUARTER = /^v_(mul_lo_u32|mul_hi_[ui]32|mad_[ui]64|mul_lo_i32)/;

/** Cycles of the vector unit, and of the slow one beside it. */
export const issueOf = ({ op, args }: Instruction, wave: number): readonly [number, number] => {
  const passes = wave / 32;
  if (!op.startsWith("v_")) return [0, 0];
  if (op.startsWith("v_dual_") || /^v_(readlane|readfirstlane)/.test(op)) return [1, 0];
  if (SLOW.test(op)) return [passes, 4 * passes];
  if (QUARTER.test(op)) return [4 * passes, 4 * passes];
  return [wave === 64 && PAIRED.test(op) && !/_dpp|quad_perm|row_/.test(`${op} ${args}`) ? 1 : passes, 0];
};

const multiplyAdds = ({ op, args }: Instruction): number => {
  if (op.startsWith("v_dual_")) return `${op} ${args}`.split("::").filter((h) => /^\s*v_dual_fma/.test(h)).length;
  return /^v_(fma|fmac|fmaak|fmamk)_f(16|32)/.test(op) ? 1 : 0;
};

/** The work of one instruction of a wave. */
export const workOf = (i: Instruction, wave: number): Work => {
  const [valu, slow] = issueOf(i, wave);
  const { op } = i;
  const bytes = bytesOf(op);
  const loads = /^ds_load/.test(op);
  return {
    fma: multiplyAdds(i),
    ldsBytes: /^ds_(load|store)/.test(op) ? bytes : op.startsWith("ds_") ? 4 : 0,
    ldsLoaded: loads ? bytes : 0,
    memoryBytes: /^(buffer|global|flat|scratch)_(load|store)/.test(op) ? bytes : 0,
    valu,
    slow,
    scalar:
      /^s_(?!delay_alu|clause|nop|inst_prefetch|set_inst|endpgm|sendmsg|code_end|sleep|setprio|wait|barrier|load|buffer)/.test(
        op,
      )
        ? 1
        : 0,
  };
};

export const operandsOf = (args: string): readonly string[] =>
  args.split("::").flatMap((h) => h.split(",").map((a) => a.trim()));

/** The registers that an operand names. */
export const registersOf = (operand: string): readonly string[] => {
  const m = /^-?\|?([vs])(?:\[(\d+):(\d+)\]|(\d+))/.exec(operand);
  if (m === null) return /^(vcc|scc|exec)/.test(operand) ? [operand.slice(0, 3)] : [];
  const low = Number(m[4] ?? m[2]);
  const high = Number(m[4] ?? m[3]);
  return Array.from({ length: high - low + 1 }, (_, k) => `${m[1]}${low + k}`);
};
