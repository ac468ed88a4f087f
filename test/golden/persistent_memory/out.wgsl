// Self-attention over context and N learned key-value vectors (arXiv 1907.01470). Memory is never masked.

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

var<workgroup> mk_tile: array<vec4f, 32>;
var<workgroup> mv_tile: array<vec4f, 32>;
var<workgroup> k_tile: array<vec4f, 32>;
var<workgroup> v_tile: array<vec4f, 32>;

// writes o; one stream for each (b, h, i)
// 1 pass over j, carrying m, p_sum, p_j_mv_sum
// schedule: rows, 64 lanes x 1 row, 4 cells a step, tiles of 16 in workgroup memory
@compute @workgroup_size(64)
fn persistent_memory(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_index) lid: u32,
) {
  let group = i32(wid.x + wid.y * nwg.x);
  let lane = i32(lid);
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
  var m = -3.4028234663852886e38;
  var p_sum = 0.0;
  var p_j_mv_sum_0 = vec4f(0.0);
  var p_j_mv_sum_1 = vec4f(0.0);
  let mk_at = h * 8;
  let q_at = rest * (2 * params.N * params.H) + h * (2 * params.N);
  let q_at_1 = q_at + row_in * 2;
  let q_1 = q[q_at_1];
  let q_2 = q[q_at_1 + 1];
  for (var tile0 = 0; tile0 < 4; tile0 += 16) {
    let tile_end = min(tile0 + 16, 4);
    workgroupBarrier();
    for (var slot = lane; slot < 32; slot += 64) {
      let cell = min(tile0 + slot / 2, 3);
      let part = slot % 2;
      let mk_at_1 = mk_at + (cell * 2 + part);
      mk_tile[slot] = 2.828427 * mk[mk_at_1];
    }
    for (var slot_1 = lane; slot_1 < 32; slot_1 += 64) {
      let cell_1 = min(tile0 + slot_1 / 2, 3);
      let part_1 = slot_1 % 2;
      let mv_at = mk_at + (cell_1 * 2 + part_1);
      mv_tile[slot_1] = 2.0 * mv[mv_at];
    }
    workgroupBarrier();
    let full_end = min(tile_end, 4);
    for (var t = tile0; t < full_end - 3; t += 4) {
      let m_1 = t + 1;
      let m_2 = t + 2;
      let m_3 = t + 3;
      var dot_1 = 0.0;
      var dot_1_1 = 0.0;
      var dot_2 = 0.0;
      var dot_3 = 0.0;
      let slot_2 = t - tile0;
      let x = mk_tile[slot_2 * 2];
      dot_1 += dot(q_1, x);
      let slot_3 = m_1 - tile0;
      let x_1 = mk_tile[slot_3 * 2];
      dot_1_1 += dot(q_1, x_1);
      let slot_4 = m_2 - tile0;
      let x_2 = mk_tile[slot_4 * 2];
      dot_2 += dot(q_1, x_2);
      let slot_5 = m_3 - tile0;
      let x_3 = mk_tile[slot_5 * 2];
      dot_3 += dot(q_1, x_3);
      let slot_6 = t - tile0;
      let x_4 = mk_tile[slot_6 * 2 + 1];
      dot_1 += dot(q_2, x_4);
      let slot_7 = m_1 - tile0;
      let x_5 = mk_tile[slot_7 * 2 + 1];
      dot_1_1 += dot(q_2, x_5);
      let slot_8 = m_2 - tile0;
      let x_6 = mk_tile[slot_8 * 2 + 1];
      dot_2 += dot(q_2, x_6);
      let slot_9 = m_3 - tile0;
      let x_7 = mk_tile[slot_9 * 2 + 1];
      dot_3 += dot(q_2, x_7);
      let m_new = max(max(max(max(m, dot_1 / 2.828427), dot_1_1 / 2.828427), dot_2 / 2.828427), dot_3 / 2.828427);
      let correction = exp(m - m_new);
      p_sum = p_sum * correction + exp(dot_1 / 2.828427 - m_new) + exp(dot_1_1 / 2.828427 - m_new) + exp(dot_2 / 2.828427 - m_new) + exp(dot_3 / 2.828427 - m_new);
      let slot_10 = t - tile0;
      let x_8 = mv_tile[slot_10 * 2];
      let slot_11 = m_1 - tile0;
      let x_9 = mv_tile[slot_11 * 2];
      let slot_12 = m_2 - tile0;
      let x_10 = mv_tile[slot_12 * 2];
      let slot_13 = m_3 - tile0;
      let x_11 = mv_tile[slot_13 * 2];
      p_j_mv_sum_0 = p_j_mv_sum_0 * correction + exp(dot_1 / 2.828427 - m_new) * x_8 + exp(dot_1_1 / 2.828427 - m_new) * x_9 + exp(dot_2 / 2.828427 - m_new) * x_10 + exp(dot_3 / 2.828427 - m_new) * x_11;
      let slot_14 = t - tile0;
      let x_12 = mv_tile[slot_14 * 2 + 1];
      let slot_15 = m_1 - tile0;
      let x_13 = mv_tile[slot_15 * 2 + 1];
      let slot_16 = m_2 - tile0;
      let x_14 = mv_tile[slot_16 * 2 + 1];
      let slot_17 = m_3 - tile0;
      let x_15 = mv_tile[slot_17 * 2 + 1];
      p_j_mv_sum_1 = p_j_mv_sum_1 * correction + exp(dot_1 / 2.828427 - m_new) * x_12 + exp(dot_1_1 / 2.828427 - m_new) * x_13 + exp(dot_2 / 2.828427 - m_new) * x_14 + exp(dot_3 / 2.828427 - m_new) * x_15;
      m = m_new;
    }
    let rest_begin = tile0 + max(full_end - tile0, 0) / 4 * 4;
    for (var t_1 = rest_begin; t_1 < tile_end; t_1++) {
      let slot_18 = t_1 - tile0;
      let x_16 = mk_tile[slot_18 * 2];
      let slot_19 = t_1 - tile0;
      let x_17 = mk_tile[slot_19 * 2 + 1];
      let dot_4 = dot(q_1, x_16) + dot(q_2, x_17);
      let visible = t_1 < 4;
      let m_new_1 = max(m, select(-3.4028234663852886e38, dot_4 / 2.828427, visible));
      let correction_1 = exp(m - m_new_1);
      p_sum = p_sum * correction_1 + select(0.0, exp(dot_4 / 2.828427 - m_new_1), visible);
      let slot_20 = t_1 - tile0;
      let x_18 = mv_tile[slot_20 * 2];
      p_j_mv_sum_0 = p_j_mv_sum_0 * correction_1 + select(vec4f(0.0), exp(dot_4 / 2.828427 - m_new_1) * x_18, vec4<bool>(visible));
      let slot_21 = t_1 - tile0;
      let x_19 = mv_tile[slot_21 * 2 + 1];
      p_j_mv_sum_1 = p_j_mv_sum_1 * correction_1 + select(vec4f(0.0), exp(dot_4 / 2.828427 - m_new_1) * x_19, vec4<bool>(visible));
      m = m_new_1;
    }
  }
  let i_last = min(row0 + 63, params.N - 1);
  let s_end = min(params.M, i_last + params.M - params.N + 1);
  let s_full_end = min(params.M, row0 + params.M - params.N + 1);
  let k_at = rest * (2 * params.M * params.H) + h * (2 * params.M);
  let at = row_in + params.M;
  let at_1 = at - params.N;
  for (var tile0_1 = 0; tile0_1 < s_end; tile0_1 += 16) {
    let tile_end_1 = min(tile0_1 + 16, s_end);
    workgroupBarrier();
    for (var slot_22 = lane; slot_22 < 32; slot_22 += 64) {
      let cell_2 = min(tile0_1 + slot_22 / 2, params.M - 1);
      let part_2 = slot_22 % 2;
      let k_at_1 = k_at + (cell_2 * 2 + part_2);
      k_tile[slot_22] = k[k_at_1];
    }
    for (var slot_23 = lane; slot_23 < 32; slot_23 += 64) {
      let cell_3 = min(tile0_1 + slot_23 / 2, params.M - 1);
      let part_3 = slot_23 % 2;
      let v_at = k_at + (cell_3 * 2 + part_3);
      v_tile[slot_23] = v[v_at];
    }
    workgroupBarrier();
    let full_end_1 = min(tile_end_1, s_full_end);
    for (var t_2 = tile0_1; t_2 < full_end_1 - 3; t_2 += 4) {
      let s = t_2 + 1;
      let s_1 = t_2 + 2;
      let s_2 = t_2 + 3;
      var dot_5 = 0.0;
      var dot_6 = 0.0;
      var dot_7 = 0.0;
      var dot_8 = 0.0;
      let slot_24 = t_2 - tile0_1;
      let k_1 = k_tile[slot_24 * 2];
      dot_5 += dot(q_1, k_1);
      let slot_25 = s - tile0_1;
      let k_2 = k_tile[slot_25 * 2];
      dot_6 += dot(q_1, k_2);
      let slot_26 = s_1 - tile0_1;
      let k_3 = k_tile[slot_26 * 2];
      dot_7 += dot(q_1, k_3);
      let slot_27 = s_2 - tile0_1;
      let k_4 = k_tile[slot_27 * 2];
      dot_8 += dot(q_1, k_4);
      let slot_28 = t_2 - tile0_1;
      let k_5 = k_tile[slot_28 * 2 + 1];
      dot_5 += dot(q_2, k_5);
      let slot_29 = s - tile0_1;
      let k_6 = k_tile[slot_29 * 2 + 1];
      dot_6 += dot(q_2, k_6);
      let slot_30 = s_1 - tile0_1;
      let k_7 = k_tile[slot_30 * 2 + 1];
      dot_7 += dot(q_2, k_7);
      let slot_31 = s_2 - tile0_1;
      let k_8 = k_tile[slot_31 * 2 + 1];
      dot_8 += dot(q_2, k_8);
      let m_new_2 = max(max(max(max(m, dot_5 / 2.828427), dot_6 / 2.828427), dot_7 / 2.828427), dot_8 / 2.828427);
      let correction_2 = exp(m - m_new_2);
      p_sum = p_sum * correction_2 + exp(dot_5 / 2.828427 - m_new_2) + exp(dot_6 / 2.828427 - m_new_2) + exp(dot_7 / 2.828427 - m_new_2) + exp(dot_8 / 2.828427 - m_new_2);
      let slot_32 = t_2 - tile0_1;
      let v_1 = v_tile[slot_32 * 2];
      let slot_33 = s - tile0_1;
      let v_2 = v_tile[slot_33 * 2];
      let slot_34 = s_1 - tile0_1;
      let v_3 = v_tile[slot_34 * 2];
      let slot_35 = s_2 - tile0_1;
      let v_4 = v_tile[slot_35 * 2];
      p_j_mv_sum_0 = p_j_mv_sum_0 * correction_2 + exp(dot_5 / 2.828427 - m_new_2) * v_1 + exp(dot_6 / 2.828427 - m_new_2) * v_2 + exp(dot_7 / 2.828427 - m_new_2) * v_3 + exp(dot_8 / 2.828427 - m_new_2) * v_4;
      let slot_36 = t_2 - tile0_1;
      let v_5 = v_tile[slot_36 * 2 + 1];
      let slot_37 = s - tile0_1;
      let v_6 = v_tile[slot_37 * 2 + 1];
      let slot_38 = s_1 - tile0_1;
      let v_7 = v_tile[slot_38 * 2 + 1];
      let slot_39 = s_2 - tile0_1;
      let v_8 = v_tile[slot_39 * 2 + 1];
      p_j_mv_sum_1 = p_j_mv_sum_1 * correction_2 + exp(dot_5 / 2.828427 - m_new_2) * v_5 + exp(dot_6 / 2.828427 - m_new_2) * v_6 + exp(dot_7 / 2.828427 - m_new_2) * v_7 + exp(dot_8 / 2.828427 - m_new_2) * v_8;
      m = m_new_2;
    }
    let rest_begin_1 = tile0_1 + max(full_end_1 - tile0_1, 0) / 4 * 4;
    for (var t_3 = rest_begin_1; t_3 < tile_end_1; t_3++) {
      let s_in = min(t_3, params.M - 1);
      let slot_40 = t_3 - tile0_1;
      let k_9 = k_tile[slot_40 * 2];
      let slot_41 = t_3 - tile0_1;
      let k_10 = k_tile[slot_41 * 2 + 1];
      let dot_9 = dot(q_1, k_9) + dot(q_2, k_10);
      let visible_1 = t_3 < s_end && s_in <= at_1;
      let m_new_3 = max(m, select(-3.4028234663852886e38, dot_9 / 2.828427, visible_1));
      let correction_3 = exp(m - m_new_3);
      p_sum = p_sum * correction_3 + select(0.0, exp(dot_9 / 2.828427 - m_new_3), visible_1);
      let slot_42 = t_3 - tile0_1;
      let v_9 = v_tile[slot_42 * 2];
      p_j_mv_sum_0 = p_j_mv_sum_0 * correction_3 + select(vec4f(0.0), exp(dot_9 / 2.828427 - m_new_3) * v_9, vec4<bool>(visible_1));
      let slot_43 = t_3 - tile0_1;
      let v_10 = v_tile[slot_43 * 2 + 1];
      p_j_mv_sum_1 = p_j_mv_sum_1 * correction_3 + select(vec4f(0.0), exp(dot_9 / 2.828427 - m_new_3) * v_10, vec4<bool>(visible_1));
      m = m_new_3;
    }
  }
  let cond = m > -3.4028234663852886e38;
  let x_20 = 1.0 / p_sum;
  let x_21 = p_j_mv_sum_0 * x_20;
  let x_22 = select(vec4f(0.0), x_21, vec4<bool>(cond));
  let x_23 = p_j_mv_sum_1 * x_20;
  let x_24 = select(vec4f(0.0), x_23, vec4<bool>(cond));
  if (valid) {
    o[q_at_1] = x_22;
    o[q_at_1 + 1] = x_24;
  }
}
