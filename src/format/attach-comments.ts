/** Where comments go when Prettier's own rule (the nearest node) would move them across a bracket. */
import type { Printer } from "prettier";
import type { Let } from "../parser/ast.ts";
import { extentOf, type FormatComment, type FormatNode } from "./node.ts";

/** Attaches one comment, or leaves it to Prettier's own rule. */
function handle(comment: FormatComment, text: string): boolean {
  return [lastInList, inEmptyBody, startsPart, afterOperand].some((handler) => handler(comment, text));
}

/** Prettier's hooks, tried before its own rule; true: the comment has been attached. */
export const handleComments: NonNullable<Printer<FormatNode>["handleComments"]> = {
  ownLine: handle,
  endOfLine: handle,
  remaining: handle,
};

/** Attaches without leading or trailing: the printer of the node places it. */
function attach(node: FormatNode, comment: FormatComment, place: "leading" | "trailing" | "dangling"): true {
  comment.leading = place === "leading";
  comment.trailing = place === "trailing";
  comment.printed = false;
  (node.comments ??= []).push(comment);
  return true;
}

/** What stands behind the signature of a kernel without statements stays between its braces. */
function inEmptyBody(comment: FormatComment): boolean {
  const { enclosingNode: node, precedingNode: previous } = comment;
  if (node === undefined || !("kind" in node) || node.kind !== "kernel" || node.body.length > 0) return false;
  return previous === node.results.at(-1) && attach(node, comment, "dangling");
}

/** The nodes of a node that begin a part of it: behind a bracket, an arrow or an `=`. */
function partStarts(node: FormatNode): readonly (FormatNode | null | undefined)[] {
  if (!("kind" in node)) return "init" in node ? [node.init] : [];
  switch (node.kind) {
    case "fn":
      return [node.params[0], node.lets[0], node.body];
    case "kernel":
      return [node.params[0], node.results[0], node.body[0]];
    case "let":
    case "assign":
      return [node.value];
    case "apply":
      return [node.args?.[0]];
    default:
      return [];
  }
}

/** A comment before the first node of a part leads it, and does not trail the part before. */
function startsPart(comment: FormatComment): boolean {
  const { enclosingNode: node, precedingNode: previous, followingNode: next } = comment;
  if (node === undefined || previous === undefined || next === undefined) return false;
  if ("kind" in node && node.kind === "fn" && node.lets.includes(previous as Let)) return false;
  return partStarts(node).includes(next) && attach(next, comment, "leading");
}

/** A comment between the last entry of a list and its closing bracket belongs to the entry. */
function lastInList(comment: FormatComment, text: string): boolean {
  const { enclosingNode: node, precedingNode: previous, followingNode: next } = comment;
  if (node === undefined || previous === undefined) return false;
  const until = next === undefined ? extentOf(node).end : extentOf(next).start;
  const between = text.slice(comment.span.end, until).replace(/\/\/[^\n\r]*/g, "");
  return /^\s*,?\s*[)\]>]/.test(between) && attach(previous, comment, "trailing");
}

/** Between two operands, or a value and its condition, a comment stays with the first. */
function afterOperand(comment: FormatComment): boolean {
  const { enclosingNode: node, precedingNode: previous, followingNode: next } = comment;
  if (node === undefined || previous === undefined || next === undefined || !("kind" in node)) return false;
  const operands = node.kind === "binary" || node.kind === "if" || node.kind === "range";
  const condition = (node.kind === "let" || node.kind === "assign") && next === node.where;
  return (operands || condition) && attach(previous, comment, "trailing");
}
