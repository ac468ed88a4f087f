/** The invariants of a spec. A violation is a mistake of the checker, never of the user. */
import { UNARY, type UnaryOp } from "../base/operators.ts";
import { sizeNames, type SizeExpr } from "../base/size.ts";
import { partOffset } from "./align.ts";
import { typeOfStorage } from "./scope.ts";
import { children, unionAxes, withoutAxes } from "./sexpr.ts";
import type { AxisId, SExpr, Spec } from "./spec.ts";
import { sameSize } from "./sizes.ts";
import { postOrder } from "./walk-spec.ts";

const sameAxes = (a: readonly AxisId[], b: readonly AxisId[]): boolean =>
  a.length === b.length && a.every((x, n) => x === b[n]);

/** The free axes that an expression must have, from those below it. */
const freeAxes = (spec: Spec, e: SExpr): readonly AxisId[] => {
  switch (e.kind) {
    case "index":
    case "in":
      return [e.axis];
    case "at":
      return unionAxes(
        withoutAxes(
          e.arg.axes,
          e.subst.map((s) => s.axis),
        ),
        ...e.subst.map((s) => s.to.axes),
      );
    case "reduce":
      return unionAxes(e.op === "cumsum" ? e.arg.axes : withoutAxes(e.arg.axes, e.over), e.k?.axes ?? []);
    case "concat": {
      const parts = spec.axes[e.axis]?.parts ?? [];
      return unionAxes([e.axis], ...e.parts.map((p, n) => withoutAxes(p.axes, parts.slice(n, n + 1))));
    }
    // The axes of the scan: `scan` has them, and `prev` is checked there.
    case "prev":
      return e.axes;
    case "scan":
      return unionAxes([e.axis], e.dims);
    case "const":
    case "size":
    case "scalar":
    case "read":
    case "unary":
    case "binary":
    case "select":
    case "where":
      return unionAxes(...children(e).map((c) => c.axes));
  }
};

const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);
/** What is of floats only once it is checked: rounding an integer is no operation. */
const isOfFloats = (op: UnaryOp): boolean => UNARY[op].result === "float" || UNARY[op].result === "round";

type Check = readonly [ok: boolean, message: string];

const binaryTypes = (e: Extract<SExpr, { kind: "binary" }>): Check[] => {
  const logic = e.op === "and" || e.op === "or";
  const comparison = COMPARISONS.has(e.op);
  return [
    [e.left.type === e.right.type, "operands of one type"],
    [!logic || e.left.type === "bool", "logic on conditions"],
    [logic || e.op === "==" || e.op === "!=" || e.left.type !== "bool", "arithmetic on numbers"],
    [
      e.type === (logic || comparison ? "bool" : e.op === "**" && e.left.type === "int" ? e.type : e.left.type),
      "the type of the operation",
    ],
  ];
};

const unaryTypes = (e: Extract<SExpr, { kind: "unary" }>): Check[] => {
  if (e.op === "not") return [[e.arg.type === "bool" && e.type === "bool", "`not` of a condition"]];
  if (e.op === "float") return [[e.arg.type === "int" && e.type === "float", "`float` of an int"]];
  if (e.op === "int") return [[e.arg.type === "float" && e.type === "int", "`int` of a float"]];
  return [
    [
      e.arg.type !== "bool" && e.type === e.arg.type && !(isOfFloats(e.op) && e.type !== "float"),
      `the type of \`${e.op}\``,
    ],
  ];
};

const reduceChecks = (e: Extract<SExpr, { kind: "reduce" }>): Check[] => {
  const logic = e.op === "any" || e.op === "all" || e.op === "count";
  const wanted = logic
    ? e.op === "count"
      ? "int"
      : "bool"
    : e.op === "argmax" || e.op === "argmin"
      ? "int"
      : e.arg.type;
  return [
    [e.over.length > 0 && sameAxes(e.over, unionAxes(e.over)), "sorted axes"],
    [e.over.every((a) => e.arg.axes.includes(a)), "axes that are free in the argument"],
    [(e.arg.type === "bool") === logic, "the type of the argument"],
    [e.type === wanted, "the type of the reduction"],
    [
      (e.op === "kth_largest") === (e.k !== null) && (e.k === null || e.k.type === "int"),
      "a rank for kth_largest only",
    ],
  ];
};

const sizeChecks = (spec: Spec, size: SizeExpr): Check[] =>
  sizeNames(size).map((n) => [
    spec.sizes.includes(n) || spec.scalars.some((s) => s.name === n && s.dtype === "i32"),
    `a known size, not ${n}`,
  ]);

const atChecks = (e: Extract<SExpr, { kind: "at" }>): Check[] => [
  [e.type === e.arg.type, "the type of its argument"],
  [new Set(e.subst.map((s) => s.axis)).size === e.subst.length, "distinct replacements"],
  [e.subst.every((s) => s.to.type === "int" && e.arg.axes.includes(s.axis)), "ints for free axes"],
];

const nodeChecks = (spec: Spec, e: SExpr): Check[] => {
  switch (e.kind) {
    case "const":
      return [[!Number.isNaN(e.value) && (e.type !== "int" || Number.isInteger(e.value)), "a literal of its type"]];
    case "index":
      return [[e.type === "int", "an int"]];
    case "size":
      return sizeChecks(spec, e.size);
    case "scalar":
      return [
        [
          spec.scalars.some((s) => s.name === e.scalar && typeOfStorage(s.dtype) === e.type),
          "a declared scalar of its type",
        ],
      ];
    case "read": {
      const tensor = spec.tensors.find((t) => t.name === e.tensor);
      const rank = tensor?.dims.flatMap((d) => d.axes).length;
      return [
        [
          tensor !== undefined && typeOfStorage(tensor.dtype) === e.type && rank === e.at.length,
          "a declared tensor with one index for each axis",
        ],
        [e.at.every((a) => a.type === "int"), "int indices"],
      ];
    }
    case "at":
      return atChecks(e);
    case "unary":
      return unaryTypes(e);
    case "binary":
      return binaryTypes(e);
    case "select":
      return [
        [e.cond.type === "bool" && e.then.type === e.type && e.else.type === e.type, "a condition and equal branches"],
      ];
    case "reduce":
      return reduceChecks(e);
    case "where":
      return [[e.cond.type === "bool" && e.type === e.arg.type, "a condition"]];
    case "concat": {
      const parts = spec.axes[e.axis]?.parts;
      return [
        [
          parts?.length === e.parts.length && e.parts.every((p) => p.type === e.type && !p.axes.includes(e.axis)),
          "one part for each of the union's",
        ],
      ];
    }
    case "prev":
      return [
        [e.type === "float" && e.init.type === "float", "floats"],
        [e.axes.includes(e.axis), "its own axis among its axes"],
        [
          !e.init.axes.includes(e.axis) && withoutAxes(e.init.axes, e.axes).length === 0,
          "an initial value without its axis",
        ],
      ];
    case "scan":
      return [
        [e.type === "float" && e.step.type === "float", "floats"],
        [withoutAxes(e.step.axes, e.axes).length === 0, "a step over its own axes"],
        [
          postOrder([e.step]).every(
            (p) => p.kind !== "prev" || p.state !== e.state || (p.axis === e.axis && sameAxes(p.axes, e.axes)),
          ),
          "a carried value over the same axes",
        ],
      ];
    case "in":
      return [[(spec.axes[e.axis]?.parts?.length ?? 0) > e.part, "a part of a union"]];
  }
};

/** No index of a part stands beside its union's. */
const isAligned = (spec: Spec, e: SExpr): boolean =>
  !e.axes.some((u) => e.axes.some((p) => p !== u && spec.axes[u]?.parts && partOffset(spec.axes, u, p) !== null));

const exprViolations = (spec: Spec, e: SExpr): string[] => {
  const common: Check[] = [
    [sameAxes(e.axes, freeAxes(spec, e)), "the free axes of what is below it"],
    [e.axes.every((a) => spec.axes[a] !== undefined), "known axes"],
    [isAligned(spec, e), "parts aligned with their union"],
  ];
  return [...common, ...nodeChecks(spec, e)].flatMap(([ok, message]) =>
    ok ? [] : [`${e.kind} at ${e.span.start}: expected ${message}`],
  );
};

const axisViolations = (spec: Spec): string[] =>
  spec.axes.flatMap((a, n) => {
    const parts = a.parts?.map((p) => spec.axes[p]);
    const total = parts?.reduce<SizeExpr>((sum, p) => ["+", sum, p?.size ?? 0], 0);
    const checks: Check[] = [
      [a.id === n, "its position as id"],
      [parts === undefined || (parts.length > 1 && parts.every((p) => p !== undefined)), "two or more known parts"],
      [total === undefined || sameSize(total, a.size), "the sum of its parts as size"],
      ...sizeChecks(spec, a.size),
    ];
    return checks.flatMap(([ok, message]) => (ok ? [] : [`axis ${a.name}: expected ${message}`]));
  });

const declarationViolations = (spec: Spec): string[] => {
  const dims = [...spec.tensors, ...spec.results].flatMap((t) =>
    t.dims.flatMap((d) => d.axes).map((a) => [spec.axes[a] !== undefined, `${t.name}: expected known axes`] as const),
  );
  const dtypes = [...spec.tensors, ...spec.results].map(
    (t) =>
      [
        /^([fiu]\d+|bool)$/.test(t.dtype) || spec.typeVars.some((v) => v.name === t.dtype),
        `${t.name}: expected a known type`,
      ] as const,
  );
  const results = spec.results.flatMap((r) => [
    [
      r.value.axes.every((a) => r.dims.some((d) => d.axes.includes(a))),
      `${r.name}: expected all free axes among its own`,
    ] as const,
    [r.value.type === typeOfStorage(r.dtype), `${r.name}: expected a value of its type`] as const,
  ]);
  const scalars = spec.scalars.map(
    (s) =>
      [
        s.init === null || (s.init.axes.length === 0 && s.init.type === typeOfStorage(s.dtype)),
        `${s.name}: expected a default without axes`,
      ] as const,
  );
  return [...dims, ...dtypes, ...results, ...scalars].flatMap(([ok, message]) => (ok ? [] : [message]));
};

/** The violated invariants, in words; empty for every spec that `checkProgram` returns. */
export const verifySpec = (spec: Spec): readonly string[] => {
  const roots = [...spec.scalars.flatMap((s) => s.init ?? []), ...spec.results.map((r) => r.value)];
  return [
    ...axisViolations(spec),
    ...declarationViolations(spec),
    ...postOrder(roots).flatMap((e) => exprViolations(spec, e)),
  ];
};
