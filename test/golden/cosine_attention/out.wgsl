// Cosine-similarity attention with a learned temperature per head (arXiv 2010.04245).

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

var<workgroup> k_tile: array<vec4f, 32>;
var<workgroup> v_tile: array<vec4f, 32>;

// writes o; one stream for each (b, h, i)
// 1 pass over j, carrying m_log2, p_sum, p_v_sum
// schedule: rows, 64 lanes x 1 row, 4 cells a step, tiles of 16 in workgroup memory
@compute @workgroup_size(64)
fn cosine_attention(
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
  var p_v_sum_0 = vec4f(0.0);
  var p_v_sum_1 = vec4f(0.0);
  let i_last = min(row0 + 63, params.N - 1);
  let j_end = min(params.M, i_last + params.M - params.N + 1);
  let j_full_end = min(params.M, row0 + params.M - params.N + 1);
  let k_at = rest * (2 * params.M * params.H) + h * (2 * params.M);
  let q_at = rest * (2 * params.N * params.H) + h * (2 * params.N);
  let q_at_1 = q_at + row_in * 2;
  let q_1 = q[q_at_1];
  let q_2 = q[q_at_1 + 1];
  let dot_5 = dot(q_1, q_1) + dot(q_2, q_2);
  let x = max(dot_5, 1e-24);
  let rsqrt = inverseSqrt(x);
  let x_1 = q_1 * rsqrt;
  let x_6 = q_2 * rsqrt;
  let tau_1 = tau[h];
  let x_11 = tau_1 * 1.442695;
  let at = row_in + params.M;
  let at_1 = at - params.N;
  for (var tile0 = 0; tile0 < j_end; tile0 += 16) {
    let tile_end = min(tile0 + 16, j_end);
    workgroupBarrier();
    for (var slot = lane; slot < 32; slot += 64) {
      let cell = min(tile0 + slot / 2, params.M - 1);
      let part = slot % 2;
      let k_at_1 = k_at + (cell * 2 + part);
      let k_1 = k[k_at_1];
      let k_at_2 = k_at + cell * 2;
      let k_2 = k[k_at_2];
      let k_3 = k[k_at_2 + 1];
      let dot_1 = dot(k_2, k_2) + dot(k_3, k_3);
      k_tile[slot] = k_1 * inverseSqrt(max(dot_1, 1e-24));
    }
    for (var slot_1 = lane; slot_1 < 32; slot_1 += 64) {
      let cell_1 = min(tile0 + slot_1 / 2, params.M - 1);
      let part_1 = slot_1 % 2;
      let v_at = k_at + (cell_1 * 2 + part_1);
      v_tile[slot_1] = v[v_at];
    }
    workgroupBarrier();
    let full_end = min(tile_end, j_full_end);
    for (var t = tile0; t < full_end - 3; t += 4) {
      let j = t + 1;
      let j_1 = t + 2;
      let j_2 = t + 3;
      var dot_1 = 0.0;
      var dot_2 = 0.0;
      var dot_3 = 0.0;
      var dot_4 = 0.0;
      let slot_2 = t - tile0;
      let x_2 = k_tile[slot_2 * 2];
      dot_1 += dot(x_1, x_2);
      let slot_3 = j - tile0;
      let x_3 = k_tile[slot_3 * 2];
      dot_2 += dot(x_1, x_3);
      let slot_4 = j_1 - tile0;
      let x_4 = k_tile[slot_4 * 2];
      dot_3 += dot(x_1, x_4);
      let slot_5 = j_2 - tile0;
      let x_5 = k_tile[slot_5 * 2];
      dot_4 += dot(x_1, x_5);
      let x_7 = k_tile[slot_2 * 2 + 1];
      dot_1 += dot(x_6, x_7);
      let x_8 = k_tile[slot_3 * 2 + 1];
      dot_2 += dot(x_6, x_8);
      let x_9 = k_tile[slot_4 * 2 + 1];
      dot_3 += dot(x_6, x_9);
      let x_10 = k_tile[slot_5 * 2 + 1];
      dot_4 += dot(x_6, x_10);
      let s_log2 = x_11 * dot_1;
      let s_log2_1 = x_11 * dot_2;
      let s_log2_2 = x_11 * dot_3;
      let s_log2_3 = x_11 * dot_4;
      let m_log2_new = max(max(max(max(m_log2, s_log2), s_log2_1), s_log2_2), s_log2_3);
      let p = exp2(s_log2 - m_log2_new);
      let p_1 = exp2(s_log2_1 - m_log2_new);
      let p_2 = exp2(s_log2_2 - m_log2_new);
      let p_3 = exp2(s_log2_3 - m_log2_new);
      let correction = exp2(m_log2 - m_log2_new);
      p_sum = p_sum * correction + p + p_1 + p_2 + p_3;
      let v_1 = v_tile[slot_2 * 2];
      let v_2 = v_tile[slot_3 * 2];
      let v_3 = v_tile[slot_4 * 2];
      let v_4 = v_tile[slot_5 * 2];
      p_v_sum_0 = p_v_sum_0 * correction + p * v_1 + p_1 * v_2 + p_2 * v_3 + p_3 * v_4;
      let v_5 = v_tile[slot_2 * 2 + 1];
      let v_6 = v_tile[slot_3 * 2 + 1];
      let v_7 = v_tile[slot_4 * 2 + 1];
      let v_8 = v_tile[slot_5 * 2 + 1];
      p_v_sum_1 = p_v_sum_1 * correction + p * v_5 + p_1 * v_6 + p_2 * v_7 + p_3 * v_8;
      m_log2 = m_log2_new;
    }
    let rest_begin = tile0 + max(full_end - tile0, 0) / 4 * 4;
    for (var t_1 = rest_begin; t_1 < tile_end; t_1 += 4) {
      let j_in = min(t_1, params.M - 1);
      let j_3 = t_1 + 1;
      let j_in_1 = min(j_3, params.M - 1);
      let j_4 = t_1 + 2;
      let j_in_2 = min(j_4, params.M - 1);
      let j_5 = t_1 + 3;
      let j_in_3 = min(j_5, params.M - 1);
      var dot_6 = 0.0;
      var dot_7 = 0.0;
      var dot_8 = 0.0;
      var dot_9 = 0.0;
      let slot_6 = t_1 - tile0;
      let x_12 = k_tile[slot_6 * 2];
      dot_6 += dot(x_1, x_12);
      let slot_7 = j_3 - tile0;
      let x_13 = k_tile[slot_7 * 2];
      dot_7 += dot(x_1, x_13);
      let slot_8 = j_4 - tile0;
      let x_14 = k_tile[slot_8 * 2];
      dot_8 += dot(x_1, x_14);
      let slot_9 = j_5 - tile0;
      let x_15 = k_tile[slot_9 * 2];
      dot_9 += dot(x_1, x_15);
      let x_16 = k_tile[slot_6 * 2 + 1];
      dot_6 += dot(x_6, x_16);
      let x_17 = k_tile[slot_7 * 2 + 1];
      dot_7 += dot(x_6, x_17);
      let x_18 = k_tile[slot_8 * 2 + 1];
      dot_8 += dot(x_6, x_18);
      let x_19 = k_tile[slot_9 * 2 + 1];
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
      let v_9 = v_tile[slot_6 * 2];
      let v_10 = v_tile[slot_7 * 2];
      let v_11 = v_tile[slot_8 * 2];
      let v_12 = v_tile[slot_9 * 2];
      p_v_sum_0 = p_v_sum_0 * correction_1 + select(vec4f(0.0), p_4 * v_9, vec4<bool>(visible)) + select(vec4f(0.0), p_5 * v_10, vec4<bool>(visible_1)) + select(vec4f(0.0), p_6 * v_11, vec4<bool>(visible_2)) + select(vec4f(0.0), p_7 * v_12, vec4<bool>(visible_3));
      let v_13 = v_tile[slot_6 * 2 + 1];
      let v_14 = v_tile[slot_7 * 2 + 1];
      let v_15 = v_tile[slot_8 * 2 + 1];
      let v_16 = v_tile[slot_9 * 2 + 1];
      p_v_sum_1 = p_v_sum_1 * correction_1 + select(vec4f(0.0), p_4 * v_13, vec4<bool>(visible)) + select(vec4f(0.0), p_5 * v_14, vec4<bool>(visible_1)) + select(vec4f(0.0), p_6 * v_15, vec4<bool>(visible_2)) + select(vec4f(0.0), p_7 * v_16, vec4<bool>(visible_3));
      m_log2 = m_log2_new_1;
    }
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
