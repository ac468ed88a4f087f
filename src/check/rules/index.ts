/** The rules of the checker, in the order of their codes. */
import type { RuleDoc } from "../../base/report.ts";
import { rule as unknownName } from "./unknown-name.ts";
import { rule as unknownFunction } from "./unknown-function.ts";
import { rule as duplicateName } from "./duplicate-name.ts";
import { rule as notAValue } from "./not-a-value.ts";
import { rule as unknownType } from "./unknown-type.ts";
import { rule as builtinName } from "./builtin-name.ts";
import { rule as unused } from "./unused.ts";
import { rule as recursiveFn } from "./recursive-fn.ts";
import { rule as readBeforeAssign } from "./read-before-assign.ts";
import { rule as unknownKernel } from "./unknown-kernel.ts";
import { rule as axisWithoutSize } from "./axis-without-size.ts";
import { rule as sizeConflict } from "./size-conflict.ts";
import { rule as freeIndex } from "./free-index.ts";
import { rule as reduceNotFree } from "./reduce-not-free.ts";
import { rule as unknownIndex } from "./unknown-index.ts";
import { rule as reduceWithoutAxes } from "./reduce-without-axes.ts";
import { rule as badSize } from "./bad-size.ts";
import { rule as indexCount } from "./index-count.ts";
import { rule as noIndexOrder } from "./no-index-order.ts";
import { rule as letIndices } from "./let-indices.ts";
import { rule as badUnion } from "./bad-union.ts";
import { rule as badConcat } from "./bad-concat.ts";
import { rule as notAPart } from "./not-a-part.ts";
import { rule as sizeOfWhat } from "./size-of-what.ts";
import { rule as repeatedIndex } from "./repeated-index.ts";
import { rule as ambiguousPart } from "./ambiguous-part.ts";
import { rule as prevElsewhere } from "./prev-elsewhere.ts";
import { rule as stateWithoutPrev } from "./state-without-prev.ts";
import { rule as prevIndex } from "./prev-index.ts";
import { rule as prevInit } from "./prev-init.ts";
import { rule as positionAsSize } from "./position-as-size.ts";
import { rule as prevMoved } from "./prev-moved.ts";
import { rule as needCondition } from "./need-condition.ts";
import { rule as needNumber } from "./need-number.ts";
import { rule as needInt } from "./need-int.ts";
import { rule as branchTypes } from "./branch-types.ts";
import { rule as scalarType } from "./scalar-type.ts";
import { rule as tensorDefault } from "./tensor-default.ts";
import { rule as defaultValue } from "./default-value.ts";
import { rule as typeOptions } from "./type-options.ts";
import { rule as rankNotConstant } from "./rank-not-constant.ts";
import { rule as constantRange } from "./constant-range.ts";
import { rule as argumentCount } from "./argument-count.ts";
import { rule as axisCount } from "./axis-count.ts";
import { rule as kernelCalled } from "./kernel-called.ts";
import { rule as tooComplex } from "./too-complex.ts";
import { rule as wrongBrackets } from "./wrong-brackets.ts";
import { rule as resultUnassigned } from "./result-unassigned.ts";
import { rule as resultAssignedTwice } from "./result-assigned-twice.ts";
import { rule as notAResult } from "./not-a-result.ts";
import { rule as packedResult } from "./packed-result.ts";
import { rule as importNotFound } from "./import-not-found.ts";
import { rule as importMissingName } from "./import-missing-name.ts";
import { rule as importCycle } from "./import-cycle.ts";

/** What the catalogue says about every code of the checker. */
export const RULES: readonly RuleDoc[] = [
  unknownName,
  unknownFunction,
  duplicateName,
  notAValue,
  unknownType,
  builtinName,
  unused,
  recursiveFn,
  readBeforeAssign,
  unknownKernel,
  axisWithoutSize,
  sizeConflict,
  freeIndex,
  reduceNotFree,
  unknownIndex,
  reduceWithoutAxes,
  badSize,
  indexCount,
  noIndexOrder,
  letIndices,
  badUnion,
  badConcat,
  notAPart,
  sizeOfWhat,
  repeatedIndex,
  ambiguousPart,
  prevElsewhere,
  stateWithoutPrev,
  prevIndex,
  prevInit,
  prevMoved,
  positionAsSize,
  needCondition,
  needNumber,
  needInt,
  branchTypes,
  scalarType,
  tensorDefault,
  defaultValue,
  typeOptions,
  rankNotConstant,
  constantRange,
  argumentCount,
  axisCount,
  kernelCalled,
  tooComplex,
  wrongBrackets,
  resultUnassigned,
  resultAssignedTwice,
  notAResult,
  packedResult,
  importNotFound,
  importMissingName,
  importCycle,
];
