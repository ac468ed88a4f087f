// Self-attention over context and N learned key-value vectors (arXiv 1907.01470). Memory is never masked.

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
@group(0) @binding(4) var<storage, read> mk: array<vec4f>;
@group(0) @binding(5) var<storage, read> mv: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> o: array<vec4f>;

// writes o; one stream for each (b, h, i)
// 1 pass over j, carrying m_log2, p_sum, p_j_mv_sum
// schedule: rows, 64 lanes x 1 row, 4 cells a step, subgroup broadcast
@compute @workgroup_size(64)
fn persistent_memory(
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
  var p_j_mv_sum_0 = vec4f(0.0);
  var p_j_mv_sum_1 = vec4f(0.0);
  let turn = subgroup_lane % 4;
  let q_at = rest * (2 * params.N * params.H) + h * (2 * params.N);
  let q_at_1 = q_at + row_in * 2;
  let q_1 = q[q_at_1];
  let mk_at = h * 8;
  let q_2 = q[q_at_1 + 1];
  for (var t = 0; t < 4; t += 4) {
    let own = t + turn;
    var dot_1 = 0.0;
    var dot_1_1 = 0.0;
    var dot_2 = 0.0;
    var dot_3 = 0.0;
    let mk_at_1 = mk_at + own * 2;
    let x_own = 2.828427 * mk[mk_at_1];
    let x = subgroupBroadcast(x_own, 0u);
    dot_1 += dot(q_1, x);
    let x_1 = subgroupBroadcast(x_own, 1u);
    dot_1_1 += dot(q_1, x_1);
    let x_2 = subgroupBroadcast(x_own, 2u);
    dot_2 += dot(q_1, x_2);
    let x_3 = subgroupBroadcast(x_own, 3u);
    dot_3 += dot(q_1, x_3);
    let x_own_1 = 2.828427 * mk[mk_at_1 + 1];
    let x_4 = subgroupBroadcast(x_own_1, 0u);
    dot_1 += dot(q_2, x_4);
    let x_5 = subgroupBroadcast(x_own_1, 1u);
    dot_1_1 += dot(q_2, x_5);
    let x_6 = subgroupBroadcast(x_own_1, 2u);
    dot_2 += dot(q_2, x_6);
    let x_7 = subgroupBroadcast(x_own_1, 3u);
    dot_3 += dot(q_2, x_7);
    let x_log2 = dot_1 * 0.5100697;
    let x_log2_1 = dot_1_1 * 0.5100697;
    let x_log2_2 = dot_2 * 0.5100697;
    let x_log2_3 = dot_3 * 0.5100697;
    let m_log2_new = max(max(max(max(m_log2, x_log2), x_log2_1), x_log2_2), x_log2_3);
    let p = exp2(x_log2 - m_log2_new);
    let p_1 = exp2(x_log2_1 - m_log2_new);
    let p_2 = exp2(x_log2_2 - m_log2_new);
    let p_3 = exp2(x_log2_3 - m_log2_new);
    let correction = exp2(m_log2 - m_log2_new);
    p_sum = p_sum * correction + p + p_1 + p_2 + p_3;
    let x_own_2 = 2.0 * mv[mk_at_1];
    let x_8 = subgroupBroadcast(x_own_2, 0u);
    let x_9 = subgroupBroadcast(x_own_2, 1u);
    let x_10 = subgroupBroadcast(x_own_2, 2u);
    let x_11 = subgroupBroadcast(x_own_2, 3u);
    p_j_mv_sum_0 = p_j_mv_sum_0 * correction + p * x_8 + p_1 * x_9 + p_2 * x_10 + p_3 * x_11;
    let x_own_3 = 2.0 * mv[mk_at_1 + 1];
    let x_12 = subgroupBroadcast(x_own_3, 0u);
    let x_13 = subgroupBroadcast(x_own_3, 1u);
    let x_14 = subgroupBroadcast(x_own_3, 2u);
    let x_15 = subgroupBroadcast(x_own_3, 3u);
    p_j_mv_sum_1 = p_j_mv_sum_1 * correction + p * x_12 + p_1 * x_13 + p_2 * x_14 + p_3 * x_15;
    m_log2 = m_log2_new;
  }
  let i_last = min(row0 + 63, params.N - 1);
  let s_end = min(params.M, i_last + params.M - params.N + 1);
  let s_full_end = min(params.M, row0 + params.M - params.N + 1);
  let full_end = min(s_end, s_full_end);
  let turn_1 = subgroup_lane % 4;
  let k_at = rest * (2 * params.M * params.H) + h * (2 * params.M);
  for (var t_1 = 0; t_1 < full_end - 3; t_1 += 4) {
    let own_1 = t_1 + turn_1;
    var dot_4 = 0.0;
    var dot_5 = 0.0;
    var dot_6 = 0.0;
    var dot_7 = 0.0;
    let k_at_1 = k_at + own_1 * 2;
    let k_own = k[k_at_1];
    let k_1 = subgroupBroadcast(k_own, 0u);
    dot_4 += dot(q_1, k_1);
    let k_2 = subgroupBroadcast(k_own, 1u);
    dot_5 += dot(q_1, k_2);
    let k_3 = subgroupBroadcast(k_own, 2u);
    dot_6 += dot(q_1, k_3);
    let k_4 = subgroupBroadcast(k_own, 3u);
    dot_7 += dot(q_1, k_4);
    let k_own_1 = k[k_at_1 + 1];
    let k_5 = subgroupBroadcast(k_own_1, 0u);
    dot_4 += dot(q_2, k_5);
    let k_6 = subgroupBroadcast(k_own_1, 1u);
    dot_5 += dot(q_2, k_6);
    let k_7 = subgroupBroadcast(k_own_1, 2u);
    dot_6 += dot(q_2, k_7);
    let k_8 = subgroupBroadcast(k_own_1, 3u);
    dot_7 += dot(q_2, k_8);
    let x_log2_4 = dot_4 * 0.5100697;
    let x_log2_5 = dot_5 * 0.5100697;
    let x_log2_6 = dot_6 * 0.5100697;
    let x_log2_7 = dot_7 * 0.5100697;
    let m_log2_new_1 = max(max(max(max(m_log2, x_log2_4), x_log2_5), x_log2_6), x_log2_7);
    let p_4 = exp2(x_log2_4 - m_log2_new_1);
    let p_5 = exp2(x_log2_5 - m_log2_new_1);
    let p_6 = exp2(x_log2_6 - m_log2_new_1);
    let p_7 = exp2(x_log2_7 - m_log2_new_1);
    let correction_1 = exp2(m_log2 - m_log2_new_1);
    p_sum = p_sum * correction_1 + p_4 + p_5 + p_6 + p_7;
    let v_own = v[k_at_1];
    let v_1 = subgroupBroadcast(v_own, 0u);
    let v_2 = subgroupBroadcast(v_own, 1u);
    let v_3 = subgroupBroadcast(v_own, 2u);
    let v_4 = subgroupBroadcast(v_own, 3u);
    p_j_mv_sum_0 = p_j_mv_sum_0 * correction_1 + p_4 * v_1 + p_5 * v_2 + p_6 * v_3 + p_7 * v_4;
    let v_own_1 = v[k_at_1 + 1];
    let v_5 = subgroupBroadcast(v_own_1, 0u);
    let v_6 = subgroupBroadcast(v_own_1, 1u);
    let v_7 = subgroupBroadcast(v_own_1, 2u);
    let v_8 = subgroupBroadcast(v_own_1, 3u);
    p_j_mv_sum_1 = p_j_mv_sum_1 * correction_1 + p_4 * v_5 + p_5 * v_6 + p_6 * v_7 + p_7 * v_8;
    m_log2 = m_log2_new_1;
  }
  let rest_begin = max(full_end, 0) / 4 * 4;
  let turn_2 = subgroup_lane % 4;
  let at = row_in + params.M;
  let at_1 = at - params.N;
  for (var t_2 = rest_begin; t_2 < s_end; t_2 += 4) {
    let s_in = min(t_2, params.M - 1);
    let s_3 = t_2 + 1;
    let s_in_1 = min(s_3, params.M - 1);
    let s_4 = t_2 + 2;
    let s_in_2 = min(s_4, params.M - 1);
    let s_5 = t_2 + 3;
    let s_in_3 = min(s_5, params.M - 1);
    let own_2 = min(t_2 + turn_2, params.M - 1);
    var dot_8 = 0.0;
    var dot_9 = 0.0;
    var dot_10 = 0.0;
    var dot_11 = 0.0;
    let k_at_2 = k_at + own_2 * 2;
    let k_own_2 = k[k_at_2];
    let k_9 = subgroupBroadcast(k_own_2, 0u);
    dot_8 += dot(q_1, k_9);
    let k_10 = subgroupBroadcast(k_own_2, 1u);
    dot_9 += dot(q_1, k_10);
    let k_11 = subgroupBroadcast(k_own_2, 2u);
    dot_10 += dot(q_1, k_11);
    let k_12 = subgroupBroadcast(k_own_2, 3u);
    dot_11 += dot(q_1, k_12);
    let k_own_3 = k[k_at_2 + 1];
    let k_13 = subgroupBroadcast(k_own_3, 0u);
    dot_8 += dot(q_2, k_13);
    let k_14 = subgroupBroadcast(k_own_3, 1u);
    dot_9 += dot(q_2, k_14);
    let k_15 = subgroupBroadcast(k_own_3, 2u);
    dot_10 += dot(q_2, k_15);
    let k_16 = subgroupBroadcast(k_own_3, 3u);
    dot_11 += dot(q_2, k_16);
    let x_log2_8 = dot_8 * 0.5100697;
    let visible = (t_2 < s_end) & (s_in <= at_1);
    let x_log2_9 = dot_9 * 0.5100697;
    let visible_1 = (s_3 < s_end) & (s_in_1 <= at_1);
    let x_log2_10 = dot_10 * 0.5100697;
    let visible_2 = (s_4 < s_end) & (s_in_2 <= at_1);
    let x_log2_11 = dot_11 * 0.5100697;
    let visible_3 = (s_5 < s_end) & (s_in_3 <= at_1);
    let m_log2_new_2 = max(max(max(max(m_log2, select(-3.4028234663852886e38, x_log2_8, visible)), select(-3.4028234663852886e38, x_log2_9, visible_1)), select(-3.4028234663852886e38, x_log2_10, visible_2)), select(-3.4028234663852886e38, x_log2_11, visible_3));
    let p_8 = exp2(x_log2_8 - m_log2_new_2);
    let p_9 = exp2(x_log2_9 - m_log2_new_2);
    let p_10 = exp2(x_log2_10 - m_log2_new_2);
    let p_11 = exp2(x_log2_11 - m_log2_new_2);
    let correction_2 = exp2(m_log2 - m_log2_new_2);
    p_sum = p_sum * correction_2 + select(0.0, p_8, visible) + select(0.0, p_9, visible_1) + select(0.0, p_10, visible_2) + select(0.0, p_11, visible_3);
    let v_own_2 = v[k_at_2];
    let v_9 = subgroupBroadcast(v_own_2, 0u);
    let v_10 = subgroupBroadcast(v_own_2, 1u);
    let v_11 = subgroupBroadcast(v_own_2, 2u);
    let v_12 = subgroupBroadcast(v_own_2, 3u);
    p_j_mv_sum_0 = p_j_mv_sum_0 * correction_2 + select(vec4f(0.0), p_8 * v_9, vec4<bool>(visible)) + select(vec4f(0.0), p_9 * v_10, vec4<bool>(visible_1)) + select(vec4f(0.0), p_10 * v_11, vec4<bool>(visible_2)) + select(vec4f(0.0), p_11 * v_12, vec4<bool>(visible_3));
    let v_own_3 = v[k_at_2 + 1];
    let v_13 = subgroupBroadcast(v_own_3, 0u);
    let v_14 = subgroupBroadcast(v_own_3, 1u);
    let v_15 = subgroupBroadcast(v_own_3, 2u);
    let v_16 = subgroupBroadcast(v_own_3, 3u);
    p_j_mv_sum_1 = p_j_mv_sum_1 * correction_2 + select(vec4f(0.0), p_8 * v_13, vec4<bool>(visible)) + select(vec4f(0.0), p_9 * v_14, vec4<bool>(visible_1)) + select(vec4f(0.0), p_10 * v_15, vec4<bool>(visible_2)) + select(vec4f(0.0), p_11 * v_16, vec4<bool>(visible_3));
    m_log2 = m_log2_new_2;
  }
  let cond = m_log2 > -3.4028234663852886e38;
  let x_16 = 1.0 / p_sum;
  let x_17 = p_j_mv_sum_0 * x_16;
  let x_18 = select(vec4f(0.0), x_17, vec4<bool>(cond));
  let x_19 = p_j_mv_sum_1 * x_16;
  let x_20 = select(vec4f(0.0), x_19, vec4<bool>(cond));
  if (valid) {
    o[q_at_1] = x_18;
    o[q_at_1 + 1] = x_20;
  }
}
