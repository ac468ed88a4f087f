/** What lowering one module knows and collects. */
import type { Origin } from "../../base/span.ts";
import type { Buffer, VType } from "../../ir/tile/tile.ts";
import { typeName } from "./helpers.ts";
import type { Scope } from "./names.ts";

/** A buffer and its name in the module. */
export type NamedBuffer = { readonly buffer: Buffer; readonly name: string };

/** What lowering one module collects. `builtins`: names of the current kernel's `lane`, `group`, …, made on first use. */
export type Cx = {
  readonly module: Scope;
  readonly buffers: Map<string, NamedBuffer>;
  readonly params: {
    readonly variable: string;
    readonly fields: ReadonlyMap<string, string>;
    readonly bools: ReadonlySet<string>;
  };
  /** Texts of the helpers called, by name, and the statements that call them. */
  readonly helpers: Map<string, { readonly text: string; readonly from: Origin[] }>;
  /** The statement at hand. */
  readonly at: { from: Origin };
  readonly uses: { f16: boolean; subgroups: boolean };
  readonly builtins: ReadonlyMap<string, string>;
};

/** A type's name; a module that has f16 says so. */
export const noteType = (t: VType, cx: Cx): string => {
  if (t.elem === "f16") cx.uses.f16 = true;
  return typeName(t);
};
