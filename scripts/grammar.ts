import { writeFileSync } from "node:fs";
import { generateCstDts } from "chevrotain";
import { parser } from "../src/parser/grammar.ts";
writeFileSync("src/parser/cst.d.ts", generateCstDts(parser.getGAstProductions()));
