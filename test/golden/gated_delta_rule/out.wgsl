// gated_delta_rule

struct Params {
  B: i32,
  H: i32,
  N: i32,
  E: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<f32>;
@group(0) @binding(4) var<storage, read> beta: array<f32>;
@group(0) @binding(5) var<storage, read> g: array<f32>;
@group(0) @binding(6) var<storage, read> s0: array<f32>;
@group(0) @binding(7) var<storage, read_write> o: array<f32>;
@group(0) @binding(8) var<storage, read_write> state: array<f32>;

// writes o, state; one stream for each (b, h, e)
// 1 pass over t, carrying S
// schedule: rows, 64 lanes x 1 row, 1 cells a step
@compute @workgroup_size(64)
fn gated_delta_rule(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_index) lid: u32,
) {
  let group = i32(wid.x + wid.y * nwg.x);
  let lane = i32(lid);
  if (group >= (params.B * params.H * params.E + 63) / 64) {
    return;
  }
  let row0 = group * 64;
  let row = row0 + lane;
  let valid = row < params.B * params.H * params.E;
  let row_in = min(row, params.B * params.H * params.E - 1);
  let e = row_in % params.E;
  let rest = row_in / params.E;
  let h = rest % params.H;
  let rest_1 = rest / params.H;
  let s0_at = rest_1 * (params.E * 8 * params.H) + h * (params.E * 8) + e;
  let s0_at_1 = params.E + (rest_1 * (params.E * 8 * params.H) + h * (params.E * 8) + e);
  let s0_at_2 = 2 * params.E;
  let s0_at_3 = s0_at_2 + (rest_1 * (params.E * 8 * params.H) + h * (params.E * 8) + e);
  let s0_at_4 = 3 * params.E;
  let s0_at_5 = s0_at_4 + (rest_1 * (params.E * 8 * params.H) + h * (params.E * 8) + e);
  let s0_1 = vec4f(s0[s0_at], s0[s0_at_1], s0[s0_at_3], s0[s0_at_5]);
  var S_0 = s0_1;
  let s0_at_6 = 4 * params.E;
  let s0_at_7 = s0_at_6 + (rest_1 * (params.E * 8 * params.H) + h * (params.E * 8) + e);
  let s0_at_8 = 5 * params.E;
  let s0_at_9 = s0_at_8 + (rest_1 * (params.E * 8 * params.H) + h * (params.E * 8) + e);
  let s0_at_10 = 6 * params.E;
  let s0_at_11 = s0_at_10 + (rest_1 * (params.E * 8 * params.H) + h * (params.E * 8) + e);
  let s0_at_12 = 7 * params.E;
  let s0_at_13 = s0_at_12 + (rest_1 * (params.E * 8 * params.H) + h * (params.E * 8) + e);
  let s0_2 = vec4f(s0[s0_at_7], s0[s0_at_9], s0[s0_at_11], s0[s0_at_13]);
  var S_1 = s0_2;
  let g_at = rest_1 * (params.N * params.H) + h * params.N;
  let k_at = rest_1 * (2 * params.N * params.H) + h * (2 * params.N);
  let v_at = rest_1 * (params.E * params.N * params.H) + h * (params.E * params.N) + e;
  for (var t = 0; t < params.N; t++) {
    let g_at_1 = g_at + t;
    let a = exp(-abs(g[g_at_1]));
    let beta_1 = beta[g_at_1];
    let x = exp(min(beta_1, 0.0)) / (1.0 + exp(-abs(beta_1)));
    let k_at_1 = k_at + t * 2;
    let k_1 = k[k_at_1];
    let k_2 = k[k_at_1 + 1];
    let dot_1 = dot(k_1, k_1) + dot(k_2, k_2);
    let rsqrt = inverseSqrt(max(dot_1, 1e-24));
    let v_at_1 = v_at + t * params.E;
    let kn = k_1 * rsqrt;
    let kn_1 = k_2 * rsqrt;
    let dot_1_1 = dot(kn, S_0) + dot(kn_1, S_1);
    let x_1 = v[v_at_1] - a * dot_1_1;
    let S_next_0 = a * S_0 + x * kn * x_1;
    let S_next_1 = a * S_1 + x * kn_1 * x_1;
    S_0 = S_next_0;
    S_1 = S_next_1;
    let q_1 = q[k_at_1];
    let q_2 = q[k_at_1 + 1];
    let o_1 = dot(q_1, S_next_0) + dot(q_2, S_next_1);
    if (valid) {
      o[v_at_1] = o_1;
    }
  }
  let cond = params.N > 0;
  let state_1 = select(s0_1, select(vec4f(0.0), S_0, vec4<bool>(params.N > 0)), vec4<bool>(cond));
  let state_2 = select(s0_2, select(vec4f(0.0), S_1, vec4<bool>(params.N > 0)), vec4<bool>(cond));
  if (valid) {
    state[s0_at] = state_1.x;
    state[s0_at_1] = state_1.y;
    state[s0_at_3] = state_1.z;
    state[s0_at_5] = state_1.w;
    state[s0_at_7] = state_2.x;
    state[s0_at_9] = state_2.y;
    state[s0_at_11] = state_2.z;
    state[s0_at_13] = state_2.w;
  }
}
