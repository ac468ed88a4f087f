/** Names in the generated WGSL: the user's own wherever WGSL allows them, else with `_1`, `_2`, … behind. */

/** Keywords, reserved words (WGSL 16.1, 16.2), predeclared types, and the builtin functions that lowering calls. */
const RESERVED: ReadonlySet<string> = new Set(
  `alias break case const const_assert continue continuing default diagnostic discard else enable false fn for if let loop
override requires return struct switch true var while
NULL Self abstract active alignas alignof as asm asm_fragment async attribute auto await become binding_array cast catch
class co_await co_return co_yield coherent column_major common compile compile_fragment concept const_cast consteval
constexpr constinit crate debugger decltype delete demote demote_to_helper do dynamic_cast enum explicit export extends
extern external fallthrough filter final finally friend from fxgroup get goto groupshared highp impl implements import
inline instanceof interface layout lowp macro macro_rules match mediump meta mod module move mut mutable namespace new nil
noexcept noinline nointerpolation non_coherent noncoherent noperspective null nullptr of operator package packoffset partial
partition pass patch pixelfragment precise precision premerge priv protected pub public readonly ref regardless register
reinterpret_cast require resource restrict self set shared sizeof smooth snorm static static_assert static_cast std subroutine super target template this
thread_local throw trait try type typedef typeid typename typeof union unless unorm unsafe unsized use using varying virtual
volatile wgsl where with writeonly yield
bool f16 f32 f64 i8 i16 i32 i64 u8 u16 u32 u64 vec2 vec3 vec4 vec2f vec3f vec4f vec2h vec3h vec4h vec2i vec3i vec4i vec2u
vec3u vec4u mat2x2 mat2x3 mat2x4 mat3x2 mat3x3 mat3x4 mat4x2 mat4x3 mat4x4 mat2x2f mat3x3f mat4x4f mat2x2h mat3x3h mat4x4h
array atomic ptr sampler texture_1d texture_2d texture_3d texture_cube function private workgroup uniform storage read
write read_write
abs bitcast ceil cos dot exp exp2 floor fma inverseSqrt log log2 max min pow round select sign sin sqrt subgroupAdd
subgroupBroadcast subgroupMax subgroupMin subgroupShuffle subgroupShuffleXor workgroupBarrier`.split(/\s+/),
);

/** Names taken at module scope, or in one block of a function; `parent` encloses it. */
export type Scope = {
  readonly parent: Scope | null;
  readonly names: Map<string, string>;
  readonly taken: Set<string>;
};

export const newScope = (parent: Scope | null): Scope => ({ parent, names: new Map(), taken: new Set() });

/** The helper functions' own names, with any type behind: a variable must not hide them either. */
const HELPER =
  /^(floor_div|floor_mod|erf|tanh_safe|sin_exact|cos_exact|pow_safe|square|infinity|negative_infinity|not_a_number)(_(f16|u32|vec[24][fhiu]))?$/;

const isTaken = (scope: Scope | null, name: string): boolean =>
  scope !== null && (scope.taken.has(name) || isTaken(scope.parent, name));

const legal = (name: string): string => {
  // ASCII, as names of TFX are: which other letters WGSL takes depends on the version of Unicode. "_" alone and "__" in front are
  // not allowed.
  const clean = name.replaceAll(/\W/g, "_").replace(/^__+/, "_");
  return /^[a-z]|^_./i.test(clean) ? clean : `v${clean}`;
};

/** A name for `wanted` that nothing visible from `scope` has; taken from now on, and found by `lookup(scope, wanted)`. */
export const declare = (scope: Scope, wanted: string): string => {
  const base = legal(wanted);
  let name = base;
  for (let n = 1; RESERVED.has(name) || HELPER.test(name) || isTaken(scope, name); n++) name = `${base}_${n}`;
  scope.taken.add(name);
  scope.names.set(wanted, name);
  return name;
};

/** The final name of a declared one. Throws for a name never declared: the program did not pass the verifier. */
export const lookup = (scope: Scope, wanted: string): string => {
  for (let s: Scope | null = scope; s !== null; s = s.parent) {
    const name = s.names.get(wanted);
    if (name !== undefined) return name;
  }
  throw new Error(`tile IR: "${wanted}" is used but not declared`);
};
