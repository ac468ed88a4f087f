/**
 * The names of storage buffers. One binding has several where kernels see it in several ways: what one kernel writes and another only reads
 * is read-only there (WGSL takes what is read from a writable buffer for different in every lane, even where all lanes read one element, and
 * then allows no barrier behind it), and what one kernel reads in vec4s another may want one number at a time.
 */
import { item } from "../../base/must.ts";
import type { Buffer, TileProgram } from "../../ir/tile/tile.ts";
import { boundBy, type Uses } from "../../ir/tile/walk.ts";
import type { NamedBuffer } from "./cx.ts";
import { declare, type Scope } from "./names.ts";

export type BoundNames = {
  /** All that a buffer of the program is bound as. */
  readonly all: (buffer: Buffer) => readonly NamedBuffer[];
  /** The buffers as one kernel sees them. */
  readonly of: (uses: Uses) => ReadonlyMap<string, NamedBuffer>;
};

export const boundNames = (program: TileProgram, kernels: readonly Uses[], scope: Scope): BoundNames => {
  const seenBy = (uses: Uses): readonly Buffer[] =>
    boundBy(program.storage, uses).map((b) => (uses.stored.has(b.name) ? b : { ...b, access: "read" }));
  const seen = kernels.flatMap((uses) => seenBy(uses).filter((b) => uses.widths.has(b.name)));
  const ways = new Map(program.storage.map((b) => [b.name, waysOf(b, seen)]));
  // The plain names are given first: none of the others may take one.
  const plain = new Map(program.storage.map((b) => [b.name, declare(scope, b.name)]));
  const named = new Map(
    [...ways].map(([tensor, list]) => [
      tensor,
      list.map((buffer, i): NamedBuffer => {
        if (i === 0) return { buffer, name: plain.get(tensor) ?? tensor };
        const isView = buffer.access !== list[0]?.access;
        const isNarrow = list.slice(0, i).some((x) => x.access === buffer.access);
        return { buffer, name: declare(scope, `${tensor}${isView ? "_in" : ""}${isNarrow ? "_scalars" : ""}`) };
      }),
    ]),
  );
  const all = (b: Buffer): readonly NamedBuffer[] => named.get(b.name) ?? [];
  return {
    all,
    of: (uses) =>
      new Map(
        seenBy(uses).flatMap((b) =>
          all(b)
            .filter((x) => isOneWay(x.buffer, b))
            .map((x) => [b.name, x]),
        ),
      ),
  };
};

/** The ways in which kernels see a buffer: first what is written, then what is as wide as can be. As it is declared where none does. */
const waysOf = (b: Buffer, seen: readonly Buffer[]): readonly Buffer[] => {
  const rank = ({ access, type }: Buffer): number => (access === "read" ? 8 : 0) - type.width;
  const own = seen.filter((x) => x.name === b.name).toSorted((x, y) => rank(x) - rank(y));
  const [first = b, ...more] = own.filter((x, i) => i === 0 || !isOneWay(x, item(own, i - 1)));
  return [first, ...more];
};

const isOneWay = (a: Buffer, b: Buffer): boolean => a.access === b.access && a.type.width === b.type.width;
