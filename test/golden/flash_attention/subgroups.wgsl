// Exact attention with causal masking, aligned at the end when N != M (FlashAttention, arXiv 2205.14135).

enable subgroups;

struct Params {
  B: i32,
  H: i32,
  N: i32,
  M: i32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> o: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> lse: array<f32>;

fn negative_infinity() -> f32 {
  // A variable: a constant expression must be finite.
  var bits = 0xff800000u;
  return bitcast<f32>(bits);
}

// writes o, lse; one stream for each (b, h, i)
// 1 pass over j, carrying m_log2, p_sum, p_v_sum
// schedule: rows, 64 lanes x 1 row, 4 cells a step, subgroup broadcast
@compute @workgroup_size(64)
fn flash_attention(
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
  let k_at = rest * (2 * params.M * params.H) + h * (2 * params.M);
  let q_2 = q[q_at_1 + 1];
  let x = params.scale * 1.442695;
  for (var t = 0; t < full_end - 3; t += 4) {
    let own = t + turn;
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
    let s_log2 = x * dot_1;
    let s_log2_1 = x * dot_1_1;
    let s_log2_2 = x * dot_2;
    let s_log2_3 = x * dot_3;
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
    let s_log2_4 = x * dot_4;
    let cond = j_in <= at_1;
    let visible = (t_1 < j_end) & cond;
    let s_log2_5 = x * dot_5;
    let cond_1 = j_in_1 <= at_1;
    let visible_1 = (j_3 < j_end) & cond_1;
    let s_log2_6 = x * dot_6;
    let cond_2 = j_in_2 <= at_1;
    let visible_2 = (j_4 < j_end) & cond_2;
    let s_log2_7 = x * dot_7;
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
  let x_1 = 1.0 / p_sum;
  let x_2 = p_v_sum_0 * x_1;
  let x_3 = select(vec4f(0.0), x_2, vec4<bool>(cond_4));
  let x_4 = p_v_sum_1 * x_1;
  let x_5 = select(vec4f(0.0), x_4, vec4<bool>(cond_4));
  let m = m_log2 * 0.6931472;
  let log_1 = log(p_sum);
  let lse_1 = m + log_1;
  let x_6 = select(negative_infinity(), lse_1, cond_4);
  let lse_at = rest * (params.N * params.H) + h * params.N;
  let lse_at_1 = lse_at + row_in;
  if (valid) {
    o[q_at_1] = x_3;
    o[q_at_1 + 1] = x_5;
    lse[lse_at_1] = x_6;
  }
}
