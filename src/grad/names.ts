/** Names of a program that is written: those that are free. */
import { KEYWORDS } from "../parser/tokens.ts";
import { BUILTIN_NAMES } from "../check/builtins.ts";

/** Functions of the prelude and of the language, and reserved words: a value of their name would be read wrongly by people. */
const reserved = (): Set<string> =>
  new Set([
    ...BUILTIN_NAMES,
    ...[...KEYWORDS].map((k) => String(k.PATTERN)),
    ..."softmax log_softmax logsumexp sigmoid softplus relu relu2 leaky_relu elu silu gelu gelu_tanh softcap clamp".split(
      " ",
    ),
    ..."rms_norm layer_norm l2_norm causal window rotate_half rotate_pairs".split(" "),
  ]);

/** Gives each wish a name that nothing has yet, itself or with a number. */
export const createNames = (taken: Iterable<string>): ((wish: string) => string) => {
  const used = new Set([...reserved(), ...taken]);
  return (wish) => {
    let name = wish;
    for (let n = 2; used.has(name); n++) name = `${wish}${/\d$/.test(wish) ? "_" : ""}${n}`;
    used.add(name);
    return name;
  };
};
