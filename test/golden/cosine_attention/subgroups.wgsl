// Cosine-similarity attention with a learned temperature per head (arXiv 2010.04245).

enable subgroups;

struct Params {
  B: i32,
  H: i32,
  N: i32,
  M: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> tau: array<f32>;
@group(0) @binding(5) var<storage, read_write> o: array<vec4f>;

// writes o; one stream for each (b, h, i)
// 1 pass over j, carrying m_log2, p_sum, p_v_sum
// schedule: rows, 64 lanes x 1 row, 4 cells a step, subgroup broadcast
@compute @workgroup_size(64)
fn cosine_attention(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_index) lid: u32,
  @builtin(subgroup_invocation_id) sg_lane: u32,
) {
  let group = i32(wid.x + wid.y * nwg.x);
  let lane = i32(lid);
  let subgroup_lane = i32(sg_lane);
  if (group >= params.B * params.H * ((params.N + 63) / 64)) {
    return;
  }
  let tile = group % ((params.N + 63) / 64);
  let outer = group / ((params.N + 63) / 64);
  let h = outer % params.H;
  let rest = outer / params.H;
  let row0 = tile * 64;
  let row = row0 + lane;
  let valid = row < params.N;
  let row_in = min(row, params.N - 1);
  var m_log2 = -3.4028234663852886e38;
  var p_sum = 0.0;
  var p_v_sum_0 = vec4f(0.0);
  var p_v_sum_1 = vec4f(0.0);
  let i_last = min(row0 + 63, params.N - 1);
  let j_end = min(params.M, i_last + params.M - params.N + 1);
  let j_full_end = min(params.M, row0 + params.M - params.N + 1);
  let full_end = min(j_end, j_full_end);
  let turn = subgroup_lane % 4;
  let q_at = rest * (2 * params.N * params.H) + h * (2 * params.N);
  let q_at_1 = q_at + row_in * 2;
  let q_1 = q[q_at_1];
  let q_2 = q[q_at_1 + 1];
  let dot_4 = dot(q_1, q_1) + dot(q_2, q_2);
  let x = max(dot_4, 1e-24);
  let rsqrt = inverseSqrt(x);
  let x_1 = q_1 * rsqrt;
  let k_at = rest * (2 * params.M * params.H) + h * (2 * params.M);
  let x_6 = q_2 * rsqrt;
  let tau_1 = tau[h];
  let x_11 = tau_1 * 1.442695;
  for (var t = 0; t < full_end - 3; t += 4) {
    let own = t + turn;
    var dot_1 = 0.0;
    var dot_1_1 = 0.0;
    var dot_2 = 0.0;
    var dot_3 = 0.0;
    let k_at_1 = k_at + own * 2;
    let k_1 = k[k_at_1];
    let k_2 = k[k_at_1 + 1];
    let dot_5 = dot(k_1, k_1) + dot(k_2, k_2);
    let x_own = k_1 * inverseSqrt(max(dot_5, 1e-24));
    let x_2 = subgroupBroadcast(x_own, 0u);
    dot_1 += dot(x_1, x_2);
    let x_3 = subgroupBroadcast(x_own, 1u);
    dot_1_1 += dot(x_1, x_3);
    let x_4 = subgroupBroadcast(x_own, 2u);
    dot_2 += dot(x_1, x_4);
    let x_5 = subgroupBroadcast(x_own, 3u);
    dot_3 += dot(x_1, x_5);
    let x_own_1 = k_2 * inverseSqrt(max(dot_5, 1e-24));
    let x_7 = subgroupBroadcast(x_own_1, 0u);
    dot_1 += dot(x_6, x_7);
    let x_8 = subgroupBroadcast(x_own_1, 1u);
    dot_1_1 += dot(x_6, x_8);
    let x_9 = subgroupBroadcast(x_own_1, 2u);
    dot_2 += dot(x_6, x_9);
    let x_10 = subgroupBroadcast(x_own_1, 3u);
    dot_3 += dot(x_6, x_10);
    let s_log2 = x_11 * dot_1;
    let s_log2_1 = x_11 * dot_1_1;
    let s_log2_2 = x_11 * dot_2;
    let s_log2_3 = x_11 * dot_3;
    let m_log2_new = max(max(max(max(m_log2, s_log2), s_log2_1), s_log2_2), s_log2_3);
    let p = exp2(s_log2 - m_log2_new);
    let p_1 = exp2(s_log2_1 - m_log2_new);
    let p_2 = exp2(s_log2_2 - m_log2_new);
    let p_3 = exp2(s_log2_3 - m_log2_new);
    let correction = exp2(m_log2 - m_log2_new);
    p_sum = p_sum * correction + p + p_1 + p_2 + p_3;
    let v_own = v[k_at_1];
    let v_1 = subgroupBroadcast(v_own, 0u);
    let v_2 = subgroupBroadcast(v_own, 1u);
    let v_3 = subgroupBroadcast(v_own, 2u);
    let v_4 = subgroupBroadcast(v_own, 3u);
    p_v_sum_0 = p_v_sum_0 * correction + p * v_1 + p_1 * v_2 + p_2 * v_3 + p_3 * v_4;
    let v_own_1 = v[k_at_1 + 1];
    let v_5 = subgroupBroadcast(v_own_1, 0u);
    let v_6 = subgroupBroadcast(v_own_1, 1u);
    let v_7 = subgroupBroadcast(v_own_1, 2u);
    let v_8 = subgroupBroadcast(v_own_1, 3u);
    p_v_sum_1 = p_v_sum_1 * correction + p * v_5 + p_1 * v_6 + p_2 * v_7 + p_3 * v_8;
    m_log2 = m_log2_new;
  }
  let rest_begin = max(full_end, 0) / 4 * 4;
  let turn_1 = subgroup_lane % 4;
  let at = row_in + params.M;
  let at_1 = at - params.N;
  for (var t_1 = rest_begin; t_1 < j_end; t_1 += 4) {
    let j_in = min(t_1, params.M - 1);
    let j_3 = t_1 + 1;
    let j_in_1 = min(j_3, params.M - 1);
    let j_4 = t_1 + 2;
    let j_in_2 = min(j_4, params.M - 1);
    let j_5 = t_1 + 3;
    let j_in_3 = min(j_5, params.M - 1);
    let own_1 = min(t_1 + turn_1, params.M - 1);
    var dot_6 = 0.0;
    var dot_7 = 0.0;
    var dot_8 = 0.0;
    var dot_9 = 0.0;
    let k_at_2 = k_at + own_1 * 2;
    let k_3 = k[k_at_2];
    let k_4 = k[k_at_2 + 1];
    let dot_10 = dot(k_3, k_3) + dot(k_4, k_4);
    let x_own_2 = k_3 * inverseSqrt(max(dot_10, 1e-24));
    let x_12 = subgroupBroadcast(x_own_2, 0u);
    dot_6 += dot(x_1, x_12);
    let x_13 = subgroupBroadcast(x_own_2, 1u);
    dot_7 += dot(x_1, x_13);
    let x_14 = subgroupBroadcast(x_own_2, 2u);
    dot_8 += dot(x_1, x_14);
    let x_15 = subgroupBroadcast(x_own_2, 3u);
    dot_9 += dot(x_1, x_15);
    let x_own_3 = k_4 * inverseSqrt(max(dot_10, 1e-24));
    let x_16 = subgroupBroadcast(x_own_3, 0u);
    dot_6 += dot(x_6, x_16);
    let x_17 = subgroupBroadcast(x_own_3, 1u);
    dot_7 += dot(x_6, x_17);
    let x_18 = subgroupBroadcast(x_own_3, 2u);
    dot_8 += dot(x_6, x_18);
    let x_19 = subgroupBroadcast(x_own_3, 3u);
    dot_9 += dot(x_6, x_19);
    let s_log2_4 = x_11 * dot_6;
    let cond = j_in <= at_1;
    let visible = (t_1 < j_end) & cond;
    let s_log2_5 = x_11 * dot_7;
    let cond_1 = j_in_1 <= at_1;
    let visible_1 = (j_3 < j_end) & cond_1;
    let s_log2_6 = x_11 * dot_8;
    let cond_2 = j_in_2 <= at_1;
    let visible_2 = (j_4 < j_end) & cond_2;
    let s_log2_7 = x_11 * dot_9;
    let cond_3 = j_in_3 <= at_1;
    let visible_3 = (j_5 < j_end) & cond_3;
    let m_log2_new_1 = max(max(max(max(m_log2, select(-3.4028234663852886e38, s_log2_4, visible)), select(-3.4028234663852886e38, s_log2_5, visible_1)), select(-3.4028234663852886e38, s_log2_6, visible_2)), select(-3.4028234663852886e38, s_log2_7, visible_3));
    let p_4 = exp2(s_log2_4 - m_log2_new_1);
    let p_5 = exp2(s_log2_5 - m_log2_new_1);
    let p_6 = exp2(s_log2_6 - m_log2_new_1);
    let p_7 = exp2(s_log2_7 - m_log2_new_1);
    let correction_1 = exp2(m_log2 - m_log2_new_1);
    p_sum = p_sum * correction_1 + select(0.0, p_4, visible) + select(0.0, p_5, visible_1) + select(0.0, p_6, visible_2) + select(0.0, p_7, visible_3);
    let v_own_2 = v[k_at_2];
    let v_9 = subgroupBroadcast(v_own_2, 0u);
    let v_10 = subgroupBroadcast(v_own_2, 1u);
    let v_11 = subgroupBroadcast(v_own_2, 2u);
    let v_12 = subgroupBroadcast(v_own_2, 3u);
    p_v_sum_0 = p_v_sum_0 * correction_1 + select(vec4f(0.0), p_4 * v_9, vec4<bool>(visible)) + select(vec4f(0.0), p_5 * v_10, vec4<bool>(visible_1)) + select(vec4f(0.0), p_6 * v_11, vec4<bool>(visible_2)) + select(vec4f(0.0), p_7 * v_12, vec4<bool>(visible_3));
    let v_own_3 = v[k_at_2 + 1];
    let v_13 = subgroupBroadcast(v_own_3, 0u);
    let v_14 = subgroupBroadcast(v_own_3, 1u);
    let v_15 = subgroupBroadcast(v_own_3, 2u);
    let v_16 = subgroupBroadcast(v_own_3, 3u);
    p_v_sum_1 = p_v_sum_1 * correction_1 + select(vec4f(0.0), p_4 * v_13, vec4<bool>(visible)) + select(vec4f(0.0), p_5 * v_14, vec4<bool>(visible_1)) + select(vec4f(0.0), p_6 * v_15, vec4<bool>(visible_2)) + select(vec4f(0.0), p_7 * v_16, vec4<bool>(visible_3));
    m_log2 = m_log2_new_1;
  }
  let cond_4 = m_log2 > -3.4028234663852886e38;
  let x_20 = 1.0 / p_sum;
  let x_21 = p_v_sum_0 * x_20;
  let x_22 = select(vec4f(0.0), x_21, vec4<bool>(cond_4));
  let x_23 = p_v_sum_1 * x_20;
  let x_24 = select(vec4f(0.0), x_23, vec4<bool>(cond_4));
  if (valid) {
    o[q_at_1] = x_22;
    o[q_at_1 + 1] = x_24;
  }
}
