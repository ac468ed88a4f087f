import type { CstNode, ICstVisitor, IToken } from "chevrotain";

export interface ProgramCstNode extends CstNode {
  name: "program";
  children: ProgramCstChildren;
}

export type ProgramCstChildren = {
  use?: UseCstNode[];
  fn?: FnCstNode[];
  kernel?: KernelCstNode[];
};

export interface UseCstNode extends CstNode {
  name: "use";
  children: UseCstChildren;
}

export type UseCstChildren = {
  Use: IToken[];
  LCurly: IToken[];
  Name: (IToken)[];
  Comma?: (IToken)[];
  RCurly: IToken[];
  From: IToken[];
  String: IToken[];
};

export interface FnCstNode extends CstNode {
  name: "fn";
  children: FnCstChildren;
}

export type FnCstChildren = {
  Fn: IToken[];
  Name: IToken[];
  fnAxes?: FnAxesCstNode[];
  LParen: IToken[];
  fnParam?: FnParamCstNode[];
  Comma?: IToken[];
  RParen: IToken[];
  Equals?: IToken[];
  expression?: ExpressionCstNode[];
  fnBlock?: FnBlockCstNode[];
};

export interface FnAxesCstNode extends CstNode {
  name: "fnAxes";
  children: FnAxesCstChildren;
}

export type FnAxesCstChildren = {
  LSquare: IToken[];
  Name: IToken[];
  Comma?: IToken[];
  RSquare: IToken[];
};

export interface FnParamCstNode extends CstNode {
  name: "fnParam";
  children: FnParamCstChildren;
}

export type FnParamCstChildren = {
  Name: IToken[];
  Colon?: IToken[];
  type?: TypeCstNode[];
};

export interface FnBlockCstNode extends CstNode {
  name: "fnBlock";
  children: FnBlockCstChildren;
}

export type FnBlockCstChildren = {
  LCurly: IToken[];
  let?: LetCstNode[];
  expression: ExpressionCstNode[];
  RCurly: IToken[];
};

export interface KernelCstNode extends CstNode {
  name: "kernel";
  children: KernelCstChildren;
}

export type KernelCstChildren = {
  Kernel: IToken[];
  Name: IToken[];
  typeVars?: TypeVarsCstNode[];
  params: ParamsCstNode[];
  Arrow: IToken[];
  results: ResultsCstNode[];
  LCurly: IToken[];
  statement?: StatementCstNode[];
  RCurly: IToken[];
};

export interface TypeVarsCstNode extends CstNode {
  name: "typeVars";
  children: TypeVarsCstChildren;
}

export type TypeVarsCstChildren = {
  Less: IToken[];
  typeVar: TypeVarCstNode[];
  Comma?: IToken[];
  Greater: IToken[];
};

export interface TypeVarCstNode extends CstNode {
  name: "typeVar";
  children: TypeVarCstChildren;
}

export type TypeVarCstChildren = {
  Name: IToken[];
  Colon: IToken[];
  type: TypeCstNode[];
  Bar?: IToken[];
};

export interface TypeCstNode extends CstNode {
  name: "type";
  children: TypeCstChildren;
}

export type TypeCstChildren = {
  Name: IToken[];
};

export interface ParamsCstNode extends CstNode {
  name: "params";
  children: ParamsCstChildren;
}

export type ParamsCstChildren = {
  LParen: IToken[];
  param?: (ParamCstNode)[];
  Comma?: (IToken)[];
  RParen: IToken[];
};

export interface ParamCstNode extends CstNode {
  name: "param";
  children: ParamCstChildren;
}

export type ParamCstChildren = {
  Static?: IToken[];
  Name: IToken[];
  Colon: IToken[];
  type: TypeCstNode[];
  axes?: AxesCstNode[];
  Equals?: IToken[];
  expression?: ExpressionCstNode[];
};

export interface AxesCstNode extends CstNode {
  name: "axes";
  children: AxesCstChildren;
}

export type AxesCstChildren = {
  LSquare: IToken[];
  axis: AxisCstNode[];
  Comma?: IToken[];
  RSquare: IToken[];
};

export interface AxisCstNode extends CstNode {
  name: "axis";
  children: AxisCstChildren;
}

export type AxisCstChildren = {
  Name?: IToken[];
  Colon?: IToken[];
  expression?: ExpressionCstNode[];
  LParen?: IToken[];
  axis?: AxisCstNode[];
  Comma?: IToken[];
  RParen?: IToken[];
};

export interface ResultsCstNode extends CstNode {
  name: "results";
  children: ResultsCstChildren;
}

export type ResultsCstChildren = {
  result?: (ResultCstNode)[];
  LParen?: IToken[];
  Comma?: (IToken)[];
  RParen?: IToken[];
};

export interface ResultCstNode extends CstNode {
  name: "result";
  children: ResultCstChildren;
}

export type ResultCstChildren = {
  Name: IToken[];
  Colon: IToken[];
  type: TypeCstNode[];
  axes?: AxesCstNode[];
};

export interface StatementCstNode extends CstNode {
  name: "statement";
  children: StatementCstChildren;
}

export type StatementCstChildren = {
  let?: LetCstNode[];
  axisDecl?: AxisDeclCstNode[];
  assign?: AssignCstNode[];
};

export interface LetCstNode extends CstNode {
  name: "let";
  children: LetCstChildren;
}

export type LetCstChildren = {
  Let: IToken[];
  Name: IToken[];
  axes?: AxesCstNode[];
  Equals: IToken[];
  expression: ExpressionCstNode[];
  where?: WhereCstNode[];
};

export interface AxisDeclCstNode extends CstNode {
  name: "axisDecl";
  children: AxisDeclCstChildren;
}

export type AxisDeclCstChildren = {
  Axis: IToken[];
  Name: (IToken)[];
  Equals: IToken[];
  Bar?: IToken[];
};

export interface AssignCstNode extends CstNode {
  name: "assign";
  children: AssignCstChildren;
}

export type AssignCstChildren = {
  Name: IToken[];
  Equals: IToken[];
  expression: ExpressionCstNode[];
  where?: WhereCstNode[];
};

export interface WhereCstNode extends CstNode {
  name: "where";
  children: WhereCstChildren;
}

export type WhereCstChildren = {
  Where: IToken[];
  expression: ExpressionCstNode[];
};

export interface ExpressionCstNode extends CstNode {
  name: "expression";
  children: ExpressionCstChildren;
}

export type ExpressionCstChildren = {
  conditional?: ConditionalCstNode[];
  disjunction?: DisjunctionCstNode[];
};

export interface ConditionalCstNode extends CstNode {
  name: "conditional";
  children: ConditionalCstChildren;
}

export type ConditionalCstChildren = {
  If: IToken[];
  expression: (ExpressionCstNode)[];
  Then: IToken[];
  Else: IToken[];
};

export interface DisjunctionCstNode extends CstNode {
  name: "disjunction";
  children: DisjunctionCstChildren;
}

export type DisjunctionCstChildren = {
  conjunction: (ConjunctionCstNode)[];
  Or?: IToken[];
};

export interface ConjunctionCstNode extends CstNode {
  name: "conjunction";
  children: ConjunctionCstChildren;
}

export type ConjunctionCstChildren = {
  negation: (NegationCstNode)[];
  And?: IToken[];
};

export interface NegationCstNode extends CstNode {
  name: "negation";
  children: NegationCstChildren;
}

export type NegationCstChildren = {
  Not?: IToken[];
  comparison: ComparisonCstNode[];
};

export interface ComparisonCstNode extends CstNode {
  name: "comparison";
  children: ComparisonCstChildren;
}

export type ComparisonCstChildren = {
  additive: AdditiveCstNode[];
  comparisonTail?: ComparisonTailCstNode[];
};

export interface ComparisonTailCstNode extends CstNode {
  name: "comparisonTail";
  children: ComparisonTailCstChildren;
}

export type ComparisonTailCstChildren = {
  EqualEqual?: IToken[];
  NotEqual?: IToken[];
  LessEqual?: IToken[];
  GreaterEqual?: IToken[];
  Less?: IToken[];
  Greater?: IToken[];
  In?: IToken[];
  additive: AdditiveCstNode[];
};

export interface AdditiveCstNode extends CstNode {
  name: "additive";
  children: AdditiveCstChildren;
}

export type AdditiveCstChildren = {
  multiplicative: (MultiplicativeCstNode)[];
  Plus?: IToken[];
  Minus?: IToken[];
};

export interface MultiplicativeCstNode extends CstNode {
  name: "multiplicative";
  children: MultiplicativeCstChildren;
}

export type MultiplicativeCstChildren = {
  unary: (UnaryCstNode)[];
  Star?: IToken[];
  Slash?: IToken[];
  Percent?: IToken[];
};

export interface UnaryCstNode extends CstNode {
  name: "unary";
  children: UnaryCstChildren;
}

export type UnaryCstChildren = {
  Minus?: IToken[];
  power: PowerCstNode[];
};

export interface PowerCstNode extends CstNode {
  name: "power";
  children: PowerCstChildren;
}

export type PowerCstChildren = {
  primary: PrimaryCstNode[];
  StarStar?: IToken[];
  unary?: UnaryCstNode[];
};

export interface PrimaryCstNode extends CstNode {
  name: "primary";
  children: PrimaryCstChildren;
}

export type PrimaryCstChildren = {
  Int?: IToken[];
  Float?: IToken[];
  True?: IToken[];
  False?: IToken[];
  application?: ApplicationCstNode[];
  group?: GroupCstNode[];
};

export interface GroupCstNode extends CstNode {
  name: "group";
  children: GroupCstChildren;
}

export type GroupCstChildren = {
  LParen: IToken[];
  expression: ExpressionCstNode[];
  RParen: IToken[];
};

export interface ApplicationCstNode extends CstNode {
  name: "application";
  children: ApplicationCstChildren;
}

export type ApplicationCstChildren = {
  Name: IToken[];
  indices?: IndicesCstNode[];
  args?: ArgsCstNode[];
};

export interface IndicesCstNode extends CstNode {
  name: "indices";
  children: IndicesCstChildren;
}

export type IndicesCstChildren = {
  LSquare: IToken[];
  index: IndexCstNode[];
  Comma?: IToken[];
  RSquare: IToken[];
};

export interface IndexCstNode extends CstNode {
  name: "index";
  children: IndexCstChildren;
}

export type IndexCstChildren = {
  Name?: (IToken)[];
  Equals?: IToken[];
  expression?: (ExpressionCstNode)[];
  Colon?: IToken[];
  DotDot?: IToken[];
};

export interface ArgsCstNode extends CstNode {
  name: "args";
  children: ArgsCstChildren;
}

export type ArgsCstChildren = {
  LParen: IToken[];
  expression?: ExpressionCstNode[];
  Comma?: IToken[];
  RParen: IToken[];
};

export interface ICstNodeVisitor<IN, OUT> extends ICstVisitor<IN, OUT> {
  program(children: ProgramCstChildren, param?: IN): OUT;
  use(children: UseCstChildren, param?: IN): OUT;
  fn(children: FnCstChildren, param?: IN): OUT;
  fnAxes(children: FnAxesCstChildren, param?: IN): OUT;
  fnParam(children: FnParamCstChildren, param?: IN): OUT;
  fnBlock(children: FnBlockCstChildren, param?: IN): OUT;
  kernel(children: KernelCstChildren, param?: IN): OUT;
  typeVars(children: TypeVarsCstChildren, param?: IN): OUT;
  typeVar(children: TypeVarCstChildren, param?: IN): OUT;
  type(children: TypeCstChildren, param?: IN): OUT;
  params(children: ParamsCstChildren, param?: IN): OUT;
  param(children: ParamCstChildren, param?: IN): OUT;
  axes(children: AxesCstChildren, param?: IN): OUT;
  axis(children: AxisCstChildren, param?: IN): OUT;
  results(children: ResultsCstChildren, param?: IN): OUT;
  result(children: ResultCstChildren, param?: IN): OUT;
  statement(children: StatementCstChildren, param?: IN): OUT;
  let(children: LetCstChildren, param?: IN): OUT;
  axisDecl(children: AxisDeclCstChildren, param?: IN): OUT;
  assign(children: AssignCstChildren, param?: IN): OUT;
  where(children: WhereCstChildren, param?: IN): OUT;
  expression(children: ExpressionCstChildren, param?: IN): OUT;
  conditional(children: ConditionalCstChildren, param?: IN): OUT;
  disjunction(children: DisjunctionCstChildren, param?: IN): OUT;
  conjunction(children: ConjunctionCstChildren, param?: IN): OUT;
  negation(children: NegationCstChildren, param?: IN): OUT;
  comparison(children: ComparisonCstChildren, param?: IN): OUT;
  comparisonTail(children: ComparisonTailCstChildren, param?: IN): OUT;
  additive(children: AdditiveCstChildren, param?: IN): OUT;
  multiplicative(children: MultiplicativeCstChildren, param?: IN): OUT;
  unary(children: UnaryCstChildren, param?: IN): OUT;
  power(children: PowerCstChildren, param?: IN): OUT;
  primary(children: PrimaryCstChildren, param?: IN): OUT;
  group(children: GroupCstChildren, param?: IN): OUT;
  application(children: ApplicationCstChildren, param?: IN): OUT;
  indices(children: IndicesCstChildren, param?: IN): OUT;
  index(children: IndexCstChildren, param?: IN): OUT;
  args(children: ArgsCstChildren, param?: IN): OUT;
}
