// Grouped-query attention, sliding window, soft-capped logits (Gemma 2).

enable subgroups;

struct Params {
  B: i32,
  N: i32,
  M: i32,
  w: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> o: array<vec4f>;

// tanh for any argument: a polynomial near 0, where the exponentials cancel, and no overflow far from it.
fn tanh_safe(x: f32) -> f32 {
  let a = min(abs(x), 15.0);
  let z = a * a;
  let near = a + a * z * ((((-0.0060967081 * z + 0.020997174) * z - 0.053850908) * z + 0.13332769) * z - 0.33333328);
  let far = 1.0 - 2.0 / (exp(2.0 * a) + 1.0);
  return sign(x) * select(far, near, a < 0.625);
}

// writes o; one stream for each (b, g, r, i)
// 1 pass over j, carrying p_sum, p_v_sum, cells
// schedule: rows, 64 lanes x 1 row, 4 cells a step, subgroup broadcast
@compute @workgroup_size(64)
fn gemma2(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_index) lid: u32,
  @builtin(subgroup_invocation_id) sg_lane: u32,
) {
  let group = i32(wid.x + wid.y * nwg.x);
  let lane = i32(lid);
  let subgroup_lane = i32(sg_lane);
  if (group >= params.B * 2 * ((2 * params.N + 63) / 64)) {
    return;
  }
  let tile = group % ((2 * params.N + 63) / 64);
  let outer = group / ((2 * params.N + 63) / 64);
  let g = outer % 2;
  let rest = outer / 2;
  let row0 = tile * 64;
  let row = row0 + lane;
  let valid = row < 2 * params.N;
  let row_in = min(row, 2 * params.N - 1);
  let i = row_in % params.N;
  let rest_1 = row_in / params.N;
  var p_sum = 0.0;
  var p_v_sum_0 = vec4f(0.0);
  var p_v_sum_1 = vec4f(0.0);
  var cells = 0;
  let i_first = select(0, row0 % params.N, row0 / params.N == min(row0 + 63, 2 * params.N - 1) / params.N);
  let i_last = select(params.N - 1, min(row0 + 63, 2 * params.N - 1) % params.N, row0 / params.N == min(row0 + 63, 2 * params.N - 1) / params.N);
  let near = params.M + i_first - params.N + 1;
  let j_begin = max(0, min(max(near - min(max(params.w, max(near, -1) - 2147483647), min(near, -1) - -2147483648), -1), params.M));
  let j_end = min(params.M, i_last + params.M - params.N + 1);
  let near_1 = params.M + i_last - params.N + 1;
  let j_full_begin = max(0, min(max(near_1 - min(max(params.w, max(near_1, -1) - 2147483647), min(near_1, -1) - -2147483648), -1), params.M));
  let j_full_end = min(params.M, i_first + params.M - params.N + 1);
  let front_end = j_begin + max(min(j_end, j_full_begin) - j_begin + 3, 0) / 4 * 4;
  let turn = subgroup_lane % 4;
  let q_at = rest * (2 * params.N * 2 * 2) + g * (2 * params.N * 2);
  let q_at_1 = q_at + (rest_1 * (2 * params.N) + i * 2);
  let q_1 = q[q_at_1];
  let k_at = rest * (2 * params.M * 2) + g * (2 * params.M);
  let q_2 = q[q_at_1 + 1];
  let at = i + params.M;
  let at_1 = at - params.N;
  for (var t = j_begin; t < min(j_end, front_end); t += 4) {
    let j_in = min(t, params.M - 1);
    let j = t + 1;
    let j_in_1 = min(j, params.M - 1);
    let j_1 = t + 2;
    let j_in_2 = min(j_1, params.M - 1);
    let j_2 = t + 3;
    let j_in_3 = min(j_2, params.M - 1);
    let own = min(t + turn, params.M - 1);
    var dot_1 = 0.0;
    var dot_1_1 = 0.0;
    var dot_2 = 0.0;
    var dot_3 = 0.0;
    let k_at_1 = k_at + own * 2;
    let k_own = k[k_at_1];
    let k_1 = subgroupBroadcast(k_own, 0u);
    dot_1 += dot(q_1, k_1);
    let k_2 = subgroupBroadcast(k_own, 1u);
    dot_1_1 += dot(q_1, k_2);
    let k_3 = subgroupBroadcast(k_own, 2u);
    dot_2 += dot(q_1, k_3);
    let k_4 = subgroupBroadcast(k_own, 3u);
    dot_3 += dot(q_1, k_4);
    let k_own_1 = k[k_at_1 + 1];
    let k_5 = subgroupBroadcast(k_own_1, 0u);
    dot_1 += dot(q_2, k_5);
    let k_6 = subgroupBroadcast(k_own_1, 1u);
    dot_1_1 += dot(q_2, k_6);
    let k_7 = subgroupBroadcast(k_own_1, 2u);
    dot_2 += dot(q_2, k_7);
    let k_8 = subgroupBroadcast(k_own_1, 3u);
    dot_3 += dot(q_2, k_8);
    let s_log2 = 72.13475 * tanh_safe(dot_1 / 2.828427 / 50.0);
    let p = exp2(s_log2);
    let cond = (j_in <= at_1) & (at_1 - j_in < params.w);
    let visible = (t < j_end) & cond;
    let s_log2_1 = 72.13475 * tanh_safe(dot_1_1 / 2.828427 / 50.0);
    let p_1 = exp2(s_log2_1);
    let cond_1 = (j_in_1 <= at_1) & (at_1 - j_in_1 < params.w);
    let visible_1 = (j < j_end) & cond_1;
    let s_log2_2 = 72.13475 * tanh_safe(dot_2 / 2.828427 / 50.0);
    let p_2 = exp2(s_log2_2);
    let cond_2 = (j_in_2 <= at_1) & (at_1 - j_in_2 < params.w);
    let visible_2 = (j_1 < j_end) & cond_2;
    let s_log2_3 = 72.13475 * tanh_safe(dot_3 / 2.828427 / 50.0);
    let p_3 = exp2(s_log2_3);
    let cond_3 = (j_in_3 <= at_1) & (at_1 - j_in_3 < params.w);
    let visible_3 = (j_2 < j_end) & cond_3;
    p_sum = p_sum + select(0.0, p, visible) + select(0.0, p_1, visible_1) + select(0.0, p_2, visible_2) + select(0.0, p_3, visible_3);
    let v_own = v[k_at_1];
    let v_1 = subgroupBroadcast(v_own, 0u);
    let v_2 = subgroupBroadcast(v_own, 1u);
    let v_3 = subgroupBroadcast(v_own, 2u);
    let v_4 = subgroupBroadcast(v_own, 3u);
    p_v_sum_0 = p_v_sum_0 + select(vec4f(0.0), p * v_1, vec4<bool>(visible)) + select(vec4f(0.0), p_1 * v_2, vec4<bool>(visible_1)) + select(vec4f(0.0), p_2 * v_3, vec4<bool>(visible_2)) + select(vec4f(0.0), p_3 * v_4, vec4<bool>(visible_3));
    let v_own_1 = v[k_at_1 + 1];
    let v_5 = subgroupBroadcast(v_own_1, 0u);
    let v_6 = subgroupBroadcast(v_own_1, 1u);
    let v_7 = subgroupBroadcast(v_own_1, 2u);
    let v_8 = subgroupBroadcast(v_own_1, 3u);
    p_v_sum_1 = p_v_sum_1 + select(vec4f(0.0), p * v_5, vec4<bool>(visible)) + select(vec4f(0.0), p_1 * v_6, vec4<bool>(visible_1)) + select(vec4f(0.0), p_2 * v_7, vec4<bool>(visible_2)) + select(vec4f(0.0), p_3 * v_8, vec4<bool>(visible_3));
    cells = cells + select(0, 1, visible) + select(0, 1, visible_1) + select(0, 1, visible_2) + select(0, 1, visible_3);
  }
  let full_end = min(j_end, j_full_end);
  let turn_1 = subgroup_lane % 4;
  for (var t_1 = front_end; t_1 < full_end - 3; t_1 += 4) {
    let own_1 = t_1 + turn_1;
    var dot_4 = 0.0;
    var dot_5 = 0.0;
    var dot_6 = 0.0;
    var dot_7 = 0.0;
    let k_at_2 = k_at + own_1 * 2;
    let k_own_2 = k[k_at_2];
    let k_9 = subgroupBroadcast(k_own_2, 0u);
    dot_4 += dot(q_1, k_9);
    let k_10 = subgroupBroadcast(k_own_2, 1u);
    dot_5 += dot(q_1, k_10);
    let k_11 = subgroupBroadcast(k_own_2, 2u);
    dot_6 += dot(q_1, k_11);
    let k_12 = subgroupBroadcast(k_own_2, 3u);
    dot_7 += dot(q_1, k_12);
    let k_own_3 = k[k_at_2 + 1];
    let k_13 = subgroupBroadcast(k_own_3, 0u);
    dot_4 += dot(q_2, k_13);
    let k_14 = subgroupBroadcast(k_own_3, 1u);
    dot_5 += dot(q_2, k_14);
    let k_15 = subgroupBroadcast(k_own_3, 2u);
    dot_6 += dot(q_2, k_15);
    let k_16 = subgroupBroadcast(k_own_3, 3u);
    dot_7 += dot(q_2, k_16);
    let s_log2_4 = 72.13475 * tanh_safe(dot_4 / 2.828427 / 50.0);
    let p_4 = exp2(s_log2_4);
    let s_log2_5 = 72.13475 * tanh_safe(dot_5 / 2.828427 / 50.0);
    let p_5 = exp2(s_log2_5);
    let s_log2_6 = 72.13475 * tanh_safe(dot_6 / 2.828427 / 50.0);
    let p_6 = exp2(s_log2_6);
    let s_log2_7 = 72.13475 * tanh_safe(dot_7 / 2.828427 / 50.0);
    let p_7 = exp2(s_log2_7);
    p_sum = p_sum + p_4 + p_5 + p_6 + p_7;
    let v_own_2 = v[k_at_2];
    let v_9 = subgroupBroadcast(v_own_2, 0u);
    let v_10 = subgroupBroadcast(v_own_2, 1u);
    let v_11 = subgroupBroadcast(v_own_2, 2u);
    let v_12 = subgroupBroadcast(v_own_2, 3u);
    p_v_sum_0 = p_v_sum_0 + p_4 * v_9 + p_5 * v_10 + p_6 * v_11 + p_7 * v_12;
    let v_own_3 = v[k_at_2 + 1];
    let v_13 = subgroupBroadcast(v_own_3, 0u);
    let v_14 = subgroupBroadcast(v_own_3, 1u);
    let v_15 = subgroupBroadcast(v_own_3, 2u);
    let v_16 = subgroupBroadcast(v_own_3, 3u);
    p_v_sum_1 = p_v_sum_1 + p_4 * v_13 + p_5 * v_14 + p_6 * v_15 + p_7 * v_16;
    cells += 4;
  }
  let rest_begin = front_end + max(full_end - front_end, 0) / 4 * 4;
  let turn_2 = subgroup_lane % 4;
  for (var t_2 = rest_begin; t_2 < j_end; t_2 += 4) {
    let j_in_4 = min(t_2, params.M - 1);
    let j_6 = t_2 + 1;
    let j_in_5 = min(j_6, params.M - 1);
    let j_7 = t_2 + 2;
    let j_in_6 = min(j_7, params.M - 1);
    let j_8 = t_2 + 3;
    let j_in_7 = min(j_8, params.M - 1);
    let own_2 = min(t_2 + turn_2, params.M - 1);
    var dot_8 = 0.0;
    var dot_9 = 0.0;
    var dot_10 = 0.0;
    var dot_11 = 0.0;
    let k_at_3 = k_at + own_2 * 2;
    let k_own_4 = k[k_at_3];
    let k_17 = subgroupBroadcast(k_own_4, 0u);
    dot_8 += dot(q_1, k_17);
    let k_18 = subgroupBroadcast(k_own_4, 1u);
    dot_9 += dot(q_1, k_18);
    let k_19 = subgroupBroadcast(k_own_4, 2u);
    dot_10 += dot(q_1, k_19);
    let k_20 = subgroupBroadcast(k_own_4, 3u);
    dot_11 += dot(q_1, k_20);
    let k_own_5 = k[k_at_3 + 1];
    let k_21 = subgroupBroadcast(k_own_5, 0u);
    dot_8 += dot(q_2, k_21);
    let k_22 = subgroupBroadcast(k_own_5, 1u);
    dot_9 += dot(q_2, k_22);
    let k_23 = subgroupBroadcast(k_own_5, 2u);
    dot_10 += dot(q_2, k_23);
    let k_24 = subgroupBroadcast(k_own_5, 3u);
    dot_11 += dot(q_2, k_24);
    let s_log2_8 = 72.13475 * tanh_safe(dot_8 / 2.828427 / 50.0);
    let p_8 = exp2(s_log2_8);
    let cond_4 = (j_in_4 <= at_1) & (at_1 - j_in_4 < params.w);
    let visible_4 = (t_2 < j_end) & cond_4;
    let s_log2_9 = 72.13475 * tanh_safe(dot_9 / 2.828427 / 50.0);
    let p_9 = exp2(s_log2_9);
    let cond_5 = (j_in_5 <= at_1) & (at_1 - j_in_5 < params.w);
    let visible_5 = (j_6 < j_end) & cond_5;
    let s_log2_10 = 72.13475 * tanh_safe(dot_10 / 2.828427 / 50.0);
    let p_10 = exp2(s_log2_10);
    let cond_6 = (j_in_6 <= at_1) & (at_1 - j_in_6 < params.w);
    let visible_6 = (j_7 < j_end) & cond_6;
    let s_log2_11 = 72.13475 * tanh_safe(dot_11 / 2.828427 / 50.0);
    let p_11 = exp2(s_log2_11);
    let cond_7 = (j_in_7 <= at_1) & (at_1 - j_in_7 < params.w);
    let visible_7 = (j_8 < j_end) & cond_7;
    p_sum = p_sum + select(0.0, p_8, visible_4) + select(0.0, p_9, visible_5) + select(0.0, p_10, visible_6) + select(0.0, p_11, visible_7);
    let v_own_4 = v[k_at_3];
    let v_17 = subgroupBroadcast(v_own_4, 0u);
    let v_18 = subgroupBroadcast(v_own_4, 1u);
    let v_19 = subgroupBroadcast(v_own_4, 2u);
    let v_20 = subgroupBroadcast(v_own_4, 3u);
    p_v_sum_0 = p_v_sum_0 + select(vec4f(0.0), p_8 * v_17, vec4<bool>(visible_4)) + select(vec4f(0.0), p_9 * v_18, vec4<bool>(visible_5)) + select(vec4f(0.0), p_10 * v_19, vec4<bool>(visible_6)) + select(vec4f(0.0), p_11 * v_20, vec4<bool>(visible_7));
    let v_own_5 = v[k_at_3 + 1];
    let v_21 = subgroupBroadcast(v_own_5, 0u);
    let v_22 = subgroupBroadcast(v_own_5, 1u);
    let v_23 = subgroupBroadcast(v_own_5, 2u);
    let v_24 = subgroupBroadcast(v_own_5, 3u);
    p_v_sum_1 = p_v_sum_1 + select(vec4f(0.0), p_8 * v_21, vec4<bool>(visible_4)) + select(vec4f(0.0), p_9 * v_22, vec4<bool>(visible_5)) + select(vec4f(0.0), p_10 * v_23, vec4<bool>(visible_6)) + select(vec4f(0.0), p_11 * v_24, vec4<bool>(visible_7));
    cells = cells + select(0, 1, visible_4) + select(0, 1, visible_5) + select(0, 1, visible_6) + select(0, 1, visible_7);
  }
  let cond_8 = cells > 0;
  let x = 1.0 / p_sum;
  let x_1 = p_v_sum_0 * x;
  let x_2 = select(vec4f(0.0), x_1, vec4<bool>(cond_8));
  let x_3 = p_v_sum_1 * x;
  let x_4 = select(vec4f(0.0), x_3, vec4<bool>(cond_8));
  if (valid) {
    o[q_at_1] = x_2;
    o[q_at_1 + 1] = x_4;
  }
}
