// Explicit sparse attention: the k largest scores of each row (arXiv 1912.11637).

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
@group(0) @binding(4) var<storage, read_write> o: array<vec4f>;

// writes o; one stream for each (b, h, i)
// 2 passes over j, carrying s_kth, m_log2, p_sum, p_v_sum
// schedule: rows, 64 lanes x 1 row, 4 cells a step, subgroup broadcast
@compute @workgroup_size(64)
fn topk_attention(
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
  // pass 1 of 2
  var s_kth_0 = -3.4028234663852886e38;
  var s_kth_1 = -3.4028234663852886e38;
  var s_kth_2 = -3.4028234663852886e38;
  let i_last = min(row0 + 63, params.N - 1);
  let j_end = min(params.M, i_last + params.M - params.N + 1);
  let j_full_end = min(params.M, row0 + params.M - params.N + 1);
  let full_end = min(j_end, j_full_end);
  let turn = subgroup_lane % 4;
  let q_at = rest * (params.N * params.H) + h * params.N;
  let q_at_1 = q_at + row_in;
  let q_1 = q[q_at_1];
  let k_at = rest * (params.M * params.H) + h * params.M;
  for (var t = 0; t < full_end - 3; t += 4) {
    let own = t + turn;
    let k_at_1 = k_at + own;
    let k_own = k[k_at_1];
    let k_1 = subgroupBroadcast(k_own, 0u);
    let dot_1 = dot(q_1, k_1);
    let s = dot_1 / 2.0;
    let k_2 = subgroupBroadcast(k_own, 1u);
    let dot_1_1 = dot(q_1, k_2);
    let s_1 = dot_1_1 / 2.0;
    let k_3 = subgroupBroadcast(k_own, 2u);
    let dot_2 = dot(q_1, k_3);
    let s_2 = dot_2 / 2.0;
    let k_4 = subgroupBroadcast(k_own, 3u);
    let dot_3 = dot(q_1, k_4);
    let s_3 = dot_3 / 2.0;
    let x = s;
    let rest_1 = min(s_kth_0, x);
    s_kth_0 = max(s_kth_0, x);
    let rest_2 = min(s_kth_1, rest_1);
    s_kth_1 = max(s_kth_1, rest_1);
    s_kth_2 = max(s_kth_2, rest_2);
    let x_1 = s_1;
    let rest_4 = min(s_kth_0, x_1);
    s_kth_0 = max(s_kth_0, x_1);
    let rest_5 = min(s_kth_1, rest_4);
    s_kth_1 = max(s_kth_1, rest_4);
    s_kth_2 = max(s_kth_2, rest_5);
    let x_2 = s_2;
    let rest_7 = min(s_kth_0, x_2);
    s_kth_0 = max(s_kth_0, x_2);
    let rest_8 = min(s_kth_1, rest_7);
    s_kth_1 = max(s_kth_1, rest_7);
    s_kth_2 = max(s_kth_2, rest_8);
    let x_3 = s_3;
    let rest_10 = min(s_kth_0, x_3);
    s_kth_0 = max(s_kth_0, x_3);
    let rest_11 = min(s_kth_1, rest_10);
    s_kth_1 = max(s_kth_1, rest_10);
    s_kth_2 = max(s_kth_2, rest_11);
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
    let k_at_2 = k_at + own_1;
    let k_own_1 = k[k_at_2];
    let k_5 = subgroupBroadcast(k_own_1, 0u);
    let dot_4 = dot(q_1, k_5);
    let s_4 = dot_4 / 2.0;
    let cond = j_in <= at_1;
    let visible = (t_1 < j_end) & cond;
    let k_6 = subgroupBroadcast(k_own_1, 1u);
    let dot_5 = dot(q_1, k_6);
    let s_5 = dot_5 / 2.0;
    let cond_1 = j_in_1 <= at_1;
    let visible_1 = (j_3 < j_end) & cond_1;
    let k_7 = subgroupBroadcast(k_own_1, 2u);
    let dot_6 = dot(q_1, k_7);
    let s_6 = dot_6 / 2.0;
    let cond_2 = j_in_2 <= at_1;
    let visible_2 = (j_4 < j_end) & cond_2;
    let k_8 = subgroupBroadcast(k_own_1, 3u);
    let dot_7 = dot(q_1, k_8);
    let s_7 = dot_7 / 2.0;
    let cond_3 = j_in_3 <= at_1;
    let visible_3 = (j_5 < j_end) & cond_3;
    let x_4 = select(-3.4028234663852886e38, s_4, visible);
    let rest_13 = min(s_kth_0, x_4);
    s_kth_0 = max(s_kth_0, x_4);
    let rest_14 = min(s_kth_1, rest_13);
    s_kth_1 = max(s_kth_1, rest_13);
    s_kth_2 = max(s_kth_2, rest_14);
    let x_5 = select(-3.4028234663852886e38, s_5, visible_1);
    let rest_16 = min(s_kth_0, x_5);
    s_kth_0 = max(s_kth_0, x_5);
    let rest_17 = min(s_kth_1, rest_16);
    s_kth_1 = max(s_kth_1, rest_16);
    s_kth_2 = max(s_kth_2, rest_17);
    let x_6 = select(-3.4028234663852886e38, s_6, visible_2);
    let rest_19 = min(s_kth_0, x_6);
    s_kth_0 = max(s_kth_0, x_6);
    let rest_20 = min(s_kth_1, rest_19);
    s_kth_1 = max(s_kth_1, rest_19);
    s_kth_2 = max(s_kth_2, rest_20);
    let x_7 = select(-3.4028234663852886e38, s_7, visible_3);
    let rest_22 = min(s_kth_0, x_7);
    s_kth_0 = max(s_kth_0, x_7);
    let rest_23 = min(s_kth_1, rest_22);
    s_kth_1 = max(s_kth_1, rest_22);
    s_kth_2 = max(s_kth_2, rest_23);
  }
  let s_kth = select(select(s_kth_0, s_kth_1, s_kth_1 > -3.4028234663852886e38), s_kth_2, s_kth_2 > -3.4028234663852886e38);
  // pass 2 of 2
  var m_log2 = -3.4028234663852886e38;
  var p_sum = 0.0;
  var p_v_sum_0 = vec4f(0.0);
  let i_last_1 = min(row0 + 63, params.N - 1);
  let j_end_1 = min(params.M, i_last_1 + params.M - params.N + 1);
  let at_2 = i_last_1 + params.M;
  let at_3 = at_2 - params.N;
  let turn_2 = subgroup_lane % 4;
  for (var tile0 = 0; tile0 < j_end_1; tile0 += 32) {
    let tile_end = min(tile0 + 32, j_end_1);
    let some_visible = tile0 <= at_3;
    if (some_visible) {
      for (var t_2 = tile0; t_2 < tile_end; t_2 += 4) {
        let j_in_4 = min(t_2, params.M - 1);
        let j_6 = t_2 + 1;
        let j_in_5 = min(j_6, params.M - 1);
        let j_7 = t_2 + 2;
        let j_in_6 = min(j_7, params.M - 1);
        let j_8 = t_2 + 3;
        let j_in_7 = min(j_8, params.M - 1);
        let own_2 = min(t_2 + turn_2, params.M - 1);
        let k_at_3 = k_at + own_2;
        let k_own_2 = k[k_at_3];
        let k_9 = subgroupBroadcast(k_own_2, 0u);
        let dot_8 = dot(q_1, k_9);
        let s_log2 = dot_8 * 0.7213475;
        let cond_4 = j_in_4 <= at_1;
        let s_8 = dot_8 / 2.0;
        let cond_5 = cond_4 & (s_8 >= s_kth);
        let visible_4 = (t_2 < j_end_1) & cond_5;
        let k_10 = subgroupBroadcast(k_own_2, 1u);
        let dot_9 = dot(q_1, k_10);
        let s_log2_1 = dot_9 * 0.7213475;
        let cond_6 = j_in_5 <= at_1;
        let s_9 = dot_9 / 2.0;
        let cond_7 = cond_6 & (s_9 >= s_kth);
        let visible_5 = (j_6 < j_end_1) & cond_7;
        let k_11 = subgroupBroadcast(k_own_2, 2u);
        let dot_10 = dot(q_1, k_11);
        let s_log2_2 = dot_10 * 0.7213475;
        let cond_8 = j_in_6 <= at_1;
        let s_10 = dot_10 / 2.0;
        let cond_9 = cond_8 & (s_10 >= s_kth);
        let visible_6 = (j_7 < j_end_1) & cond_9;
        let k_12 = subgroupBroadcast(k_own_2, 3u);
        let dot_11 = dot(q_1, k_12);
        let s_log2_3 = dot_11 * 0.7213475;
        let cond_10 = j_in_7 <= at_1;
        let s_11 = dot_11 / 2.0;
        let cond_11 = cond_10 & (s_11 >= s_kth);
        let visible_7 = (j_8 < j_end_1) & cond_11;
        let m_log2_new = max(max(max(max(m_log2, select(-3.4028234663852886e38, s_log2, visible_4)), select(-3.4028234663852886e38, s_log2_1, visible_5)), select(-3.4028234663852886e38, s_log2_2, visible_6)), select(-3.4028234663852886e38, s_log2_3, visible_7));
        let p = exp2(s_log2 - m_log2_new);
        let p_1 = exp2(s_log2_1 - m_log2_new);
        let p_2 = exp2(s_log2_2 - m_log2_new);
        let p_3 = exp2(s_log2_3 - m_log2_new);
        let correction = exp2(m_log2 - m_log2_new);
        p_sum = p_sum * correction + select(0.0, p, visible_4) + select(0.0, p_1, visible_5) + select(0.0, p_2, visible_6) + select(0.0, p_3, visible_7);
        let v_own = v[k_at_3];
        let v_1 = subgroupBroadcast(v_own, 0u);
        let v_2 = subgroupBroadcast(v_own, 1u);
        let v_3 = subgroupBroadcast(v_own, 2u);
        let v_4 = subgroupBroadcast(v_own, 3u);
        p_v_sum_0 = p_v_sum_0 * correction + select(vec4f(0.0), p * v_1, vec4<bool>(visible_4)) + select(vec4f(0.0), p_1 * v_2, vec4<bool>(visible_5)) + select(vec4f(0.0), p_2 * v_3, vec4<bool>(visible_6)) + select(vec4f(0.0), p_3 * v_4, vec4<bool>(visible_7));
        m_log2 = m_log2_new;
      }
    }
  }
  let cond_12 = m_log2 > -3.4028234663852886e38;
  let x_8 = 1.0 / p_sum;
  let x_9 = p_v_sum_0 * x_8;
  let x_10 = select(vec4f(0.0), x_9, vec4<bool>(cond_12));
  if (valid) {
    o[q_at_1] = x_10;
  }
}
