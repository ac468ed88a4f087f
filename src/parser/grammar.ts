/**
 * The grammar of `.tfx` (language reference, section 2) as a Chevrotain parser that makes a concrete syntax tree and
 * goes on after a mistake. It builds nothing else: `build-ast.ts` reads the tree.
 */
import { CstParser, type CstNode, type ParserMethod, type TokenType } from "chevrotain";
import * as t from "./tokens.ts";
import { messages } from "./messages.ts";

type Rule = ParserMethod<[], CstNode>;

const insertable: ReadonlySet<TokenType> = new Set([
  t.RParen,
  t.RSquare,
  t.RCurly,
  t.Greater,
  t.Comma,
  t.Colon,
  t.Equals,
  t.Then,
  t.Else,
  t.LCurly,
  t.From,
]);

/** Rules in the order of the language reference. Use the one instance, {@link parser}. */
export class TfxParser extends CstParser {
  constructor() {
    super(
      t.TOKENS.map((row) => row.type),
      {
        recoveryEnabled: true,
        maxLookahead: 2,
        nodeLocationTracking: "onlyOffset",
        errorMessageProvider: messages,
      },
    );
    this.performSelfAnalysis();
  }

  /** A missing bracket or separator may be supplied to go on; a name or an operator may not. */
  protected override canTokenTypeBeInsertedInRecovery(type: TokenType): boolean {
    return insertable.has(type);
  }

  /** `(` and `[` belong to the name before them only on its line: `o = x` and `(a)` on the next line stay apart. */
  private sameLine(): boolean {
    return this.LA(0).endLine === this.LA(1).startLine;
  }

  /** `name =`: never the continuation of an expression, so a missing operand is noticed where it is missing. */
  private atAssignment(): boolean {
    return this.LA(1).tokenType === t.Name && this.LA(2).tokenType === t.Equals;
  }

  /** Looks at two tokens, so that recovery goes on at a statement and not at any name. */
  private atStatement(): boolean {
    return this.LA(1).tokenType !== t.Name || this.atAssignment();
  }

  program: Rule = this.RULE("program", () => {
    this.MANY(() => {
      this.OR([
        { ALT: () => this.SUBRULE(this.use) },
        { ALT: () => this.SUBRULE(this.fn) },
        { ALT: () => this.SUBRULE(this.kernel) },
      ]);
    });
  });

  use: Rule = this.RULE("use", () => {
    this.CONSUME(t.Use);
    this.CONSUME(t.LCurly);
    this.CONSUME(t.Name);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.CONSUME2(t.Name);
    });
    this.OPTION(() => this.CONSUME2(t.Comma));
    this.CONSUME(t.RCurly);
    this.CONSUME(t.From);
    this.CONSUME(t.Text);
  });

  fn: Rule = this.RULE("fn", () => {
    this.CONSUME(t.Fn);
    this.CONSUME(t.Name);
    this.OPTION(() => this.SUBRULE(this.fnAxes));
    this.CONSUME(t.LParen);
    this.MANY_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.fnParam) });
    this.CONSUME(t.RParen);
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Equals);
          this.SUBRULE(this.expression);
        },
      },
      { ALT: () => this.SUBRULE(this.fnBlock) },
    ]);
  });

  fnAxes: Rule = this.RULE("fnAxes", () => {
    this.CONSUME(t.LSquare);
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.CONSUME(t.Name) });
    this.CONSUME(t.RSquare);
  });

  fnParam: Rule = this.RULE("fnParam", () => {
    this.CONSUME(t.Name);
    this.OPTION(() => {
      this.CONSUME(t.Colon);
      this.SUBRULE(this.type);
    });
  });

  fnBlock: Rule = this.RULE("fnBlock", () => {
    this.CONSUME(t.LCurly);
    this.MANY(() => this.SUBRULE(this.let));
    this.SUBRULE(this.expression);
    this.CONSUME(t.RCurly);
  });

  kernel: Rule = this.RULE("kernel", () => {
    this.CONSUME(t.Kernel);
    this.CONSUME(t.Name);
    this.OPTION(() => this.SUBRULE(this.typeVars));
    this.SUBRULE(this.params);
    this.CONSUME(t.Arrow);
    this.SUBRULE(this.results);
    this.CONSUME(t.LCurly);
    this.MANY({ GATE: () => this.atStatement(), DEF: () => this.SUBRULE(this.statement) });
    this.CONSUME(t.RCurly);
  });

  typeVars: Rule = this.RULE("typeVars", () => {
    this.CONSUME(t.Less);
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.typeVar) });
    this.CONSUME(t.Greater);
  });

  typeVar: Rule = this.RULE("typeVar", () => {
    this.CONSUME(t.Name);
    this.CONSUME(t.Colon);
    this.AT_LEAST_ONE_SEP({ SEP: t.Bar, DEF: () => this.SUBRULE(this.type) });
  });

  type: Rule = this.RULE("type", () => {
    this.CONSUME(t.Name);
  });

  params: Rule = this.RULE("params", () => {
    this.CONSUME(t.LParen);
    this.OPTION(() => {
      this.SUBRULE(this.param);
      this.MANY(() => {
        this.CONSUME(t.Comma);
        this.SUBRULE2(this.param);
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RParen);
  });

  param: Rule = this.RULE("param", () => {
    this.OPTION(() => this.CONSUME(t.Static));
    this.CONSUME(t.Name);
    this.CONSUME(t.Colon);
    this.SUBRULE(this.type);
    this.OPTION2(() => this.SUBRULE(this.axes));
    this.OPTION3(() => {
      this.CONSUME(t.Equals);
      this.SUBRULE(this.expression);
    });
  });

  axes: Rule = this.RULE("axes", () => {
    this.CONSUME(t.LSquare);
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.axis) });
    this.CONSUME(t.RSquare);
  });

  axis: Rule = this.RULE("axis", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Name);
          this.OPTION(() => {
            this.CONSUME(t.Colon);
            this.SUBRULE(this.expression);
          });
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.LParen);
          this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.axis) });
          this.CONSUME(t.RParen);
        },
      },
    ]);
  });

  results: Rule = this.RULE("results", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.result) },
      {
        ALT: () => {
          this.CONSUME(t.LParen);
          this.SUBRULE2(this.result);
          this.MANY(() => {
            this.CONSUME(t.Comma);
            this.SUBRULE3(this.result);
          });
          this.OPTION(() => this.CONSUME2(t.Comma));
          this.CONSUME(t.RParen);
        },
      },
    ]);
  });

  result: Rule = this.RULE("result", () => {
    this.CONSUME(t.Name);
    this.CONSUME(t.Colon);
    this.SUBRULE(this.type);
    this.OPTION(() => this.SUBRULE(this.axes));
  });

  statement: Rule = this.RULE("statement", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.let) },
      { ALT: () => this.SUBRULE(this.axisDecl) },
      { ALT: () => this.SUBRULE(this.assign) },
    ]);
  });

  let: Rule = this.RULE("let", () => {
    this.CONSUME(t.Let);
    this.CONSUME(t.Name);
    this.OPTION(() => this.SUBRULE(this.axes));
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
    this.OPTION2(() => this.SUBRULE(this.where));
  });

  axisDecl: Rule = this.RULE("axisDecl", () => {
    this.CONSUME(t.Axis);
    this.CONSUME(t.Name);
    this.CONSUME(t.Equals);
    this.CONSUME2(t.Name);
    this.MANY(() => {
      this.CONSUME(t.Bar);
      this.CONSUME3(t.Name);
    });
  });

  assign: Rule = this.RULE("assign", () => {
    this.CONSUME(t.Name);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
    this.OPTION(() => this.SUBRULE(this.where));
  });

  where: Rule = this.RULE("where", () => {
    this.CONSUME(t.Where);
    this.SUBRULE(this.expression);
  });

  expression: Rule = this.RULE("expression", () => {
    this.OR([{ ALT: () => this.SUBRULE(this.conditional) }, { ALT: () => this.SUBRULE(this.disjunction) }]);
  });

  conditional: Rule = this.RULE("conditional", () => {
    this.CONSUME(t.If);
    this.SUBRULE(this.expression);
    this.CONSUME(t.Then);
    this.SUBRULE2(this.expression);
    this.CONSUME(t.Else);
    this.SUBRULE3(this.expression);
  });

  disjunction: Rule = this.RULE("disjunction", () => {
    this.SUBRULE(this.conjunction);
    this.MANY(() => {
      this.CONSUME(t.Or);
      this.SUBRULE2(this.conjunction);
    });
  });

  conjunction: Rule = this.RULE("conjunction", () => {
    this.SUBRULE(this.negation);
    this.MANY(() => {
      this.CONSUME(t.And);
      this.SUBRULE2(this.negation);
    });
  });

  negation: Rule = this.RULE("negation", () => {
    this.MANY(() => this.CONSUME(t.Not));
    this.SUBRULE(this.comparison);
  });

  /** Read as a chain so that `a < b < c` gets a message of its own; at most one operator is legal. */
  comparison: Rule = this.RULE("comparison", () => {
    this.SUBRULE(this.additive);
    this.MANY(() => this.SUBRULE(this.comparisonTail));
  });

  comparisonTail: Rule = this.RULE("comparisonTail", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.EqualEqual) },
      { ALT: () => this.CONSUME(t.NotEqual) },
      { ALT: () => this.CONSUME(t.LessEqual) },
      { ALT: () => this.CONSUME(t.GreaterEqual) },
      { ALT: () => this.CONSUME(t.Less) },
      { ALT: () => this.CONSUME(t.Greater) },
      { ALT: () => this.CONSUME(t.In) },
    ]);
    this.SUBRULE(this.additive);
  });

  additive: Rule = this.RULE("additive", () => {
    this.SUBRULE(this.multiplicative);
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME(t.Plus) }, { ALT: () => this.CONSUME(t.Minus) }]);
      this.SUBRULE2(this.multiplicative);
    });
  });

  multiplicative: Rule = this.RULE("multiplicative", () => {
    this.SUBRULE(this.unary);
    this.MANY(() => {
      this.OR([
        { ALT: () => this.CONSUME(t.Star) },
        { ALT: () => this.CONSUME(t.Slash) },
        { ALT: () => this.CONSUME(t.Percent) },
      ]);
      this.SUBRULE2(this.unary);
    });
  });

  unary: Rule = this.RULE("unary", () => {
    this.MANY(() => this.CONSUME(t.Minus));
    this.SUBRULE(this.power);
  });

  power: Rule = this.RULE("power", () => {
    this.SUBRULE(this.primary);
    this.OPTION(() => {
      this.CONSUME(t.StarStar);
      this.SUBRULE(this.unary);
    });
  });

  primary: Rule = this.RULE("primary", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Int) },
      { ALT: () => this.CONSUME(t.Float) },
      { ALT: () => this.CONSUME(t.True) },
      { ALT: () => this.CONSUME(t.False) },
      { GATE: () => !this.atAssignment(), ALT: () => this.SUBRULE(this.application) },
      { ALT: () => this.SUBRULE(this.group) },
    ]);
  });

  group: Rule = this.RULE("group", () => {
    this.CONSUME(t.LParen);
    this.SUBRULE(this.expression);
    this.CONSUME(t.RParen);
  });

  application: Rule = this.RULE("application", () => {
    this.CONSUME(t.Name);
    this.OPTION({ GATE: () => this.sameLine(), DEF: () => this.SUBRULE(this.indices) });
    this.OPTION2({ GATE: () => this.sameLine(), DEF: () => this.SUBRULE(this.args) });
  });

  indices: Rule = this.RULE("indices", () => {
    this.CONSUME(t.LSquare);
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.index) });
    this.CONSUME(t.RSquare);
  });

  index: Rule = this.RULE("index", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Name);
          this.CONSUME(t.Equals);
          this.SUBRULE(this.expression);
        },
      },
      {
        ALT: () => {
          this.CONSUME2(t.Name);
          this.CONSUME(t.Colon);
          this.SUBRULE2(this.expression);
          this.CONSUME(t.DotDot);
          this.SUBRULE3(this.expression);
        },
      },
      { ALT: () => this.SUBRULE4(this.expression) },
    ]);
  });

  args: Rule = this.RULE("args", () => {
    this.CONSUME(t.LParen);
    this.MANY_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.expression) });
    this.CONSUME(t.RParen);
  });
}

/** The one parser: give it tokens as `input`, call `program()`, read `errors`. */
export const parser: TfxParser = new TfxParser();
