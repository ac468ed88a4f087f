/** In tests the verifiers of all levels run between all stages of every compilation. */
import { verifyByDefault } from "../src/verify.ts";

verifyByDefault(true);
