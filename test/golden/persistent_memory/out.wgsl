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
// 1 pass over j, carrying m_log2, p_sum, p_j_mv_sum
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
  var m_log2 = -3.4028234663852886e38;
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
      let m = t + 1;
      let m_1 = t + 2;
      let m_2 = t + 3;
      var dot_1 = 0.0;
      var dot_1_1 = 0.0;
      var dot_2 = 0.0;
      var dot_3 = 0.0;
      let slot_2 = t - tile0;
      let x = mk_tile[slot_2 * 2];
      dot_1 += dot(q_1, x);
      let slot_3 = m - tile0;
      let x_1 = mk_tile[slot_3 * 2];
      dot_1_1 += dot(q_1, x_1);
      let slot_4 = m_1 - tile0;
      let x_2 = mk_tile[slot_4 * 2];
      dot_2 += dot(q_1, x_2);
      let slot_5 = m_2 - tile0;
      let x_3 = mk_tile[slot_5 * 2];
      dot_3 += dot(q_1, x_3);
      let x_4 = mk_tile[slot_2 * 2 + 1];
      dot_1 += dot(q_2, x_4);
      let x_5 = mk_tile[slot_3 * 2 + 1];
      dot_1_1 += dot(q_2, x_5);
      let x_6 = mk_tile[slot_4 * 2 + 1];
      dot_2 += dot(q_2, x_6);
      let x_7 = mk_tile[slot_5 * 2 + 1];
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
      let x_8 = mv_tile[slot_2 * 2];
      let x_9 = mv_tile[slot_3 * 2];
      let x_10 = mv_tile[slot_4 * 2];
      let x_11 = mv_tile[slot_5 * 2];
      p_j_mv_sum_0 = p_j_mv_sum_0 * correction + p * x_8 + p_1 * x_9 + p_2 * x_10 + p_3 * x_11;
      let x_12 = mv_tile[slot_2 * 2 + 1];
      let x_13 = mv_tile[slot_3 * 2 + 1];
      let x_14 = mv_tile[slot_4 * 2 + 1];
      let x_15 = mv_tile[slot_5 * 2 + 1];
      p_j_mv_sum_1 = p_j_mv_sum_1 * correction + p * x_12 + p_1 * x_13 + p_2 * x_14 + p_3 * x_15;
      m_log2 = m_log2_new;
    }
    let rest_begin = tile0 + max(full_end - tile0, 0) / 4 * 4;
    for (var t_1 = rest_begin; t_1 < tile_end; t_1 += 4) {
      let m_3 = t_1 + 1;
      let m_4 = t_1 + 2;
      let m_5 = t_1 + 3;
      var dot_4 = 0.0;
      var dot_5 = 0.0;
      var dot_6 = 0.0;
      var dot_7 = 0.0;
      let slot_6 = t_1 - tile0;
      let x_16 = mk_tile[slot_6 * 2];
      dot_4 += dot(q_1, x_16);
      let slot_7 = m_3 - tile0;
      let x_17 = mk_tile[slot_7 * 2];
      dot_5 += dot(q_1, x_17);
      let slot_8 = m_4 - tile0;
      let x_18 = mk_tile[slot_8 * 2];
      dot_6 += dot(q_1, x_18);
      let slot_9 = m_5 - tile0;
      let x_19 = mk_tile[slot_9 * 2];
      dot_7 += dot(q_1, x_19);
      let x_20 = mk_tile[slot_6 * 2 + 1];
      dot_4 += dot(q_2, x_20);
      let x_21 = mk_tile[slot_7 * 2 + 1];
      dot_5 += dot(q_2, x_21);
      let x_22 = mk_tile[slot_8 * 2 + 1];
      dot_6 += dot(q_2, x_22);
      let x_23 = mk_tile[slot_9 * 2 + 1];
      dot_7 += dot(q_2, x_23);
      let x_log2_4 = dot_4 * 0.5100697;
      let visible = t_1 < 4;
      let x_log2_5 = dot_5 * 0.5100697;
      let visible_1 = m_3 < 4;
      let x_log2_6 = dot_6 * 0.5100697;
      let visible_2 = m_4 < 4;
      let x_log2_7 = dot_7 * 0.5100697;
      let visible_3 = m_5 < 4;
      let m_log2_new_1 = max(max(max(max(m_log2, select(-3.4028234663852886e38, x_log2_4, visible)), select(-3.4028234663852886e38, x_log2_5, visible_1)), select(-3.4028234663852886e38, x_log2_6, visible_2)), select(-3.4028234663852886e38, x_log2_7, visible_3));
      let p_4 = exp2(x_log2_4 - m_log2_new_1);
      let p_5 = exp2(x_log2_5 - m_log2_new_1);
      let p_6 = exp2(x_log2_6 - m_log2_new_1);
      let p_7 = exp2(x_log2_7 - m_log2_new_1);
      let correction_1 = exp2(m_log2 - m_log2_new_1);
      p_sum = p_sum * correction_1 + select(0.0, p_4, visible) + select(0.0, p_5, visible_1) + select(0.0, p_6, visible_2) + select(0.0, p_7, visible_3);
      let x_24 = mv_tile[slot_6 * 2];
      let x_25 = mv_tile[slot_7 * 2];
      let x_26 = mv_tile[slot_8 * 2];
      let x_27 = mv_tile[slot_9 * 2];
      p_j_mv_sum_0 = p_j_mv_sum_0 * correction_1 + select(vec4f(0.0), p_4 * x_24, vec4<bool>(visible)) + select(vec4f(0.0), p_5 * x_25, vec4<bool>(visible_1)) + select(vec4f(0.0), p_6 * x_26, vec4<bool>(visible_2)) + select(vec4f(0.0), p_7 * x_27, vec4<bool>(visible_3));
      let x_28 = mv_tile[slot_6 * 2 + 1];
      let x_29 = mv_tile[slot_7 * 2 + 1];
      let x_30 = mv_tile[slot_8 * 2 + 1];
      let x_31 = mv_tile[slot_9 * 2 + 1];
      p_j_mv_sum_1 = p_j_mv_sum_1 * correction_1 + select(vec4f(0.0), p_4 * x_28, vec4<bool>(visible)) + select(vec4f(0.0), p_5 * x_29, vec4<bool>(visible_1)) + select(vec4f(0.0), p_6 * x_30, vec4<bool>(visible_2)) + select(vec4f(0.0), p_7 * x_31, vec4<bool>(visible_3));
      m_log2 = m_log2_new_1;
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
    for (var slot_10 = lane; slot_10 < 32; slot_10 += 64) {
      let cell_2 = min(tile0_1 + slot_10 / 2, params.M - 1);
      let part_2 = slot_10 % 2;
      let k_at_1 = k_at + (cell_2 * 2 + part_2);
      k_tile[slot_10] = k[k_at_1];
    }
    for (var slot_11 = lane; slot_11 < 32; slot_11 += 64) {
      let cell_3 = min(tile0_1 + slot_11 / 2, params.M - 1);
      let part_3 = slot_11 % 2;
      let v_at = k_at + (cell_3 * 2 + part_3);
      v_tile[slot_11] = v[v_at];
    }
    workgroupBarrier();
    let full_end_1 = min(tile_end_1, s_full_end);
    for (var t_2 = tile0_1; t_2 < full_end_1 - 3; t_2 += 4) {
      let s = t_2 + 1;
      let s_1 = t_2 + 2;
      let s_2 = t_2 + 3;
      var dot_8 = 0.0;
      var dot_9 = 0.0;
      var dot_10 = 0.0;
      var dot_11 = 0.0;
      let slot_12 = t_2 - tile0_1;
      let k_1 = k_tile[slot_12 * 2];
      dot_8 += dot(q_1, k_1);
      let slot_13 = s - tile0_1;
      let k_2 = k_tile[slot_13 * 2];
      dot_9 += dot(q_1, k_2);
      let slot_14 = s_1 - tile0_1;
      let k_3 = k_tile[slot_14 * 2];
      dot_10 += dot(q_1, k_3);
      let slot_15 = s_2 - tile0_1;
      let k_4 = k_tile[slot_15 * 2];
      dot_11 += dot(q_1, k_4);
      let k_5 = k_tile[slot_12 * 2 + 1];
      dot_8 += dot(q_2, k_5);
      let k_6 = k_tile[slot_13 * 2 + 1];
      dot_9 += dot(q_2, k_6);
      let k_7 = k_tile[slot_14 * 2 + 1];
      dot_10 += dot(q_2, k_7);
      let k_8 = k_tile[slot_15 * 2 + 1];
      dot_11 += dot(q_2, k_8);
      let x_log2_8 = dot_8 * 0.5100697;
      let x_log2_9 = dot_9 * 0.5100697;
      let x_log2_10 = dot_10 * 0.5100697;
      let x_log2_11 = dot_11 * 0.5100697;
      let m_log2_new_2 = max(max(max(max(m_log2, x_log2_8), x_log2_9), x_log2_10), x_log2_11);
      let p_8 = exp2(x_log2_8 - m_log2_new_2);
      let p_9 = exp2(x_log2_9 - m_log2_new_2);
      let p_10 = exp2(x_log2_10 - m_log2_new_2);
      let p_11 = exp2(x_log2_11 - m_log2_new_2);
      let correction_2 = exp2(m_log2 - m_log2_new_2);
      p_sum = p_sum * correction_2 + p_8 + p_9 + p_10 + p_11;
      let v_1 = v_tile[slot_12 * 2];
      let v_2 = v_tile[slot_13 * 2];
      let v_3 = v_tile[slot_14 * 2];
      let v_4 = v_tile[slot_15 * 2];
      p_j_mv_sum_0 = p_j_mv_sum_0 * correction_2 + p_8 * v_1 + p_9 * v_2 + p_10 * v_3 + p_11 * v_4;
      let v_5 = v_tile[slot_12 * 2 + 1];
      let v_6 = v_tile[slot_13 * 2 + 1];
      let v_7 = v_tile[slot_14 * 2 + 1];
      let v_8 = v_tile[slot_15 * 2 + 1];
      p_j_mv_sum_1 = p_j_mv_sum_1 * correction_2 + p_8 * v_5 + p_9 * v_6 + p_10 * v_7 + p_11 * v_8;
      m_log2 = m_log2_new_2;
    }
    let rest_begin_1 = tile0_1 + max(full_end_1 - tile0_1, 0) / 4 * 4;
    for (var t_3 = rest_begin_1; t_3 < tile_end_1; t_3 += 4) {
      let s_in = min(t_3, params.M - 1);
      let s_3 = t_3 + 1;
      let s_in_1 = min(s_3, params.M - 1);
      let s_4 = t_3 + 2;
      let s_in_2 = min(s_4, params.M - 1);
      let s_5 = t_3 + 3;
      let s_in_3 = min(s_5, params.M - 1);
      var dot_12 = 0.0;
      var dot_13 = 0.0;
      var dot_14 = 0.0;
      var dot_15 = 0.0;
      let slot_16 = t_3 - tile0_1;
      let k_9 = k_tile[slot_16 * 2];
      dot_12 += dot(q_1, k_9);
      let slot_17 = s_3 - tile0_1;
      let k_10 = k_tile[slot_17 * 2];
      dot_13 += dot(q_1, k_10);
      let slot_18 = s_4 - tile0_1;
      let k_11 = k_tile[slot_18 * 2];
      dot_14 += dot(q_1, k_11);
      let slot_19 = s_5 - tile0_1;
      let k_12 = k_tile[slot_19 * 2];
      dot_15 += dot(q_1, k_12);
      let k_13 = k_tile[slot_16 * 2 + 1];
      dot_12 += dot(q_2, k_13);
      let k_14 = k_tile[slot_17 * 2 + 1];
      dot_13 += dot(q_2, k_14);
      let k_15 = k_tile[slot_18 * 2 + 1];
      dot_14 += dot(q_2, k_15);
      let k_16 = k_tile[slot_19 * 2 + 1];
      dot_15 += dot(q_2, k_16);
      let x_log2_12 = dot_12 * 0.5100697;
      let visible_4 = (t_3 < s_end) & (s_in <= at_1);
      let x_log2_13 = dot_13 * 0.5100697;
      let visible_5 = (s_3 < s_end) & (s_in_1 <= at_1);
      let x_log2_14 = dot_14 * 0.5100697;
      let visible_6 = (s_4 < s_end) & (s_in_2 <= at_1);
      let x_log2_15 = dot_15 * 0.5100697;
      let visible_7 = (s_5 < s_end) & (s_in_3 <= at_1);
      let m_log2_new_3 = max(max(max(max(m_log2, select(-3.4028234663852886e38, x_log2_12, visible_4)), select(-3.4028234663852886e38, x_log2_13, visible_5)), select(-3.4028234663852886e38, x_log2_14, visible_6)), select(-3.4028234663852886e38, x_log2_15, visible_7));
      let p_12 = exp2(x_log2_12 - m_log2_new_3);
      let p_13 = exp2(x_log2_13 - m_log2_new_3);
      let p_14 = exp2(x_log2_14 - m_log2_new_3);
      let p_15 = exp2(x_log2_15 - m_log2_new_3);
      let correction_3 = exp2(m_log2 - m_log2_new_3);
      p_sum = p_sum * correction_3 + select(0.0, p_12, visible_4) + select(0.0, p_13, visible_5) + select(0.0, p_14, visible_6) + select(0.0, p_15, visible_7);
      let v_9 = v_tile[slot_16 * 2];
      let v_10 = v_tile[slot_17 * 2];
      let v_11 = v_tile[slot_18 * 2];
      let v_12 = v_tile[slot_19 * 2];
      p_j_mv_sum_0 = p_j_mv_sum_0 * correction_3 + select(vec4f(0.0), p_12 * v_9, vec4<bool>(visible_4)) + select(vec4f(0.0), p_13 * v_10, vec4<bool>(visible_5)) + select(vec4f(0.0), p_14 * v_11, vec4<bool>(visible_6)) + select(vec4f(0.0), p_15 * v_12, vec4<bool>(visible_7));
      let v_13 = v_tile[slot_16 * 2 + 1];
      let v_14 = v_tile[slot_17 * 2 + 1];
      let v_15 = v_tile[slot_18 * 2 + 1];
      let v_16 = v_tile[slot_19 * 2 + 1];
      p_j_mv_sum_1 = p_j_mv_sum_1 * correction_3 + select(vec4f(0.0), p_12 * v_13, vec4<bool>(visible_4)) + select(vec4f(0.0), p_13 * v_14, vec4<bool>(visible_5)) + select(vec4f(0.0), p_14 * v_15, vec4<bool>(visible_6)) + select(vec4f(0.0), p_15 * v_16, vec4<bool>(visible_7));
      m_log2 = m_log2_new_3;
    }
  }
  let cond = m_log2 > -3.4028234663852886e38;
  let x_32 = 1.0 / p_sum;
  let x_33 = p_j_mv_sum_0 * x_32;
  let x_34 = select(vec4f(0.0), x_33, vec4<bool>(cond));
  let x_35 = p_j_mv_sum_1 * x_32;
  let x_36 = select(vec4f(0.0), x_35, vec4<bool>(cond));
  if (valid) {
    o[q_at_1] = x_34;
    o[q_at_1 + 1] = x_36;
  }
}
