// Talking heads: heads mixed before and after the softmax (arXiv 2003.02436).

struct Params {
  B: i32,
  N: i32,
  M: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> wl: array<f32>;
@group(0) @binding(5) var<storage, read> ww: array<f32>;
@group(0) @binding(6) var<storage, read_write> o: array<vec4f>;

// writes o; one stream for each (b, i)
// 2 passes over j, carrying m, p_sum, o
// schedule: rows, 64 lanes x 1 row, 4 cells a step
@compute @workgroup_size(64)
fn talking_heads(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_index) lid: u32,
) {
  let group = i32(wid.x + wid.y * nwg.x);
  let lane = i32(lid);
  if (group >= params.B * ((params.N + 63) / 64)) {
    return;
  }
  let tile = group % ((params.N + 63) / 64);
  let outer = group / ((params.N + 63) / 64);
  let row0 = tile * 64;
  let row = row0 + lane;
  let valid = row < params.N;
  let row_in = min(row, params.N - 1);
  // pass 1 of 2
  var m_0 = -3.4028234663852886e38;
  var m_1 = -3.4028234663852886e38;
  var p_sum_0 = 0.0;
  var p_sum_1 = 0.0;
  let i_last = min(row0 + 63, params.N - 1);
  let j_end = min(params.M, i_last + params.M - params.N + 1);
  let j_full_end = min(params.M, row0 + params.M - params.N + 1);
  let full_end = min(j_end, j_full_end);
  let wl_1 = wl[0];
  let q_at = outer * (params.N * 2);
  let q_at_1 = q_at + row_in;
  let q_1 = q[q_at_1];
  let k_at = outer * (params.M * 2);
  let wl_2 = wl[1];
  let q_at_2 = params.N + outer * (params.N * 2);
  let q_at_3 = q_at_2 + row_in;
  let q_2 = q[q_at_3];
  let k_at_2 = params.M + outer * (params.M * 2);
  let wl_3 = wl[2];
  let wl_4 = wl[3];
  for (var t = 0; t < full_end - 3; t += 4) {
    let j = t + 1;
    let j_1 = t + 2;
    let j_2 = t + 3;
    let k_at_1 = k_at + t;
    let k_1 = k[k_at_1];
    let dot_1 = dot(q_1, k_1);
    let s = dot_1 / 2.0;
    let k_at_3 = k_at_2 + t;
    let k_2 = k[k_at_3];
    let dot_1_1 = dot(q_2, k_2);
    let s_1 = dot_1_1 / 2.0;
    let dot_2 = wl_1 * s + wl_2 * s_1;
    let k_at_4 = k_at + j;
    let k_3 = k[k_at_4];
    let dot_3 = dot(q_1, k_3);
    let s_2 = dot_3 / 2.0;
    let k_at_5 = k_at_2 + j;
    let k_4 = k[k_at_5];
    let dot_4 = dot(q_2, k_4);
    let s_3 = dot_4 / 2.0;
    let dot_5 = wl_1 * s_2 + wl_2 * s_3;
    let k_at_6 = k_at + j_1;
    let k_5 = k[k_at_6];
    let dot_6 = dot(q_1, k_5);
    let s_4 = dot_6 / 2.0;
    let k_at_7 = k_at_2 + j_1;
    let k_6 = k[k_at_7];
    let dot_7 = dot(q_2, k_6);
    let s_5 = dot_7 / 2.0;
    let dot_8 = wl_1 * s_4 + wl_2 * s_5;
    let k_at_8 = k_at + j_2;
    let k_7 = k[k_at_8];
    let dot_9 = dot(q_1, k_7);
    let s_6 = dot_9 / 2.0;
    let k_at_9 = k_at_2 + j_2;
    let k_8 = k[k_at_9];
    let dot_10 = dot(q_2, k_8);
    let s_7 = dot_10 / 2.0;
    let dot_11 = wl_1 * s_6 + wl_2 * s_7;
    let m_new = max(max(max(max(m_0, dot_2), dot_5), dot_8), dot_11);
    let dot_12 = wl_3 * s + wl_4 * s_1;
    let dot_13 = wl_3 * s_2 + wl_4 * s_3;
    let dot_14 = wl_3 * s_4 + wl_4 * s_5;
    let dot_15 = wl_3 * s_6 + wl_4 * s_7;
    let m_new_1 = max(max(max(max(m_1, dot_12), dot_13), dot_14), dot_15);
    let p = exp(dot_2 - m_new);
    let p_1 = exp(dot_5 - m_new);
    let p_2 = exp(dot_8 - m_new);
    let p_3 = exp(dot_11 - m_new);
    let correction = exp(m_0 - m_new);
    p_sum_0 = p_sum_0 * correction + p + p_1 + p_2 + p_3;
    let p_4 = exp(dot_12 - m_new_1);
    let p_5 = exp(dot_13 - m_new_1);
    let p_6 = exp(dot_14 - m_new_1);
    let p_7 = exp(dot_15 - m_new_1);
    let correction_1 = exp(m_1 - m_new_1);
    p_sum_1 = p_sum_1 * correction_1 + p_4 + p_5 + p_6 + p_7;
    m_0 = m_new;
    m_1 = m_new_1;
  }
  let rest_begin = max(full_end, 0) / 4 * 4;
  let at = row_in + params.M;
  let at_1 = at - params.N;
  for (var t_1 = rest_begin; t_1 < j_end; t_1++) {
    let j_in = min(t_1, params.M - 1);
    let k_at_10 = k_at + j_in;
    let k_9 = k[k_at_10];
    let dot_16 = dot(q_1, k_9);
    let s_8 = dot_16 / 2.0;
    let k_at_11 = k_at_2 + j_in;
    let k_10 = k[k_at_11];
    let dot_17 = dot(q_2, k_10);
    let s_9 = dot_17 / 2.0;
    let dot_18 = wl_1 * s_8 + wl_2 * s_9;
    let cond = j_in <= at_1;
    let visible = t_1 < j_end && cond;
    let m_new_2 = max(m_0, select(-3.4028234663852886e38, dot_18, visible));
    let dot_19 = wl_3 * s_8 + wl_4 * s_9;
    let m_new_3 = max(m_1, select(-3.4028234663852886e38, dot_19, visible));
    let p_8 = exp(dot_18 - m_new_2);
    let correction_2 = exp(m_0 - m_new_2);
    p_sum_0 = p_sum_0 * correction_2 + select(0.0, p_8, visible);
    let p_9 = exp(dot_19 - m_new_3);
    let correction_3 = exp(m_1 - m_new_3);
    p_sum_1 = p_sum_1 * correction_3 + select(0.0, p_9, visible);
    m_0 = m_new_2;
    m_1 = m_new_3;
  }
  // pass 2 of 2
  var o_0_0 = vec4f(0.0);
  var o_1_0 = vec4f(0.0);
  let i_last_1 = min(row0 + 63, params.N - 1);
  let j_end_1 = min(params.M, i_last_1 + params.M - params.N + 1);
  let j_full_end_1 = min(params.M, row0 + params.M - params.N + 1);
  let full_end_1 = min(j_end_1, j_full_end_1);
  let ww_1 = ww[0];
  let ww_2 = ww[1];
  let ww_3 = ww[2];
  let ww_4 = ww[3];
  for (var t_2 = 0; t_2 < full_end_1 - 3; t_2 += 4) {
    let j_3 = t_2 + 1;
    let j_4 = t_2 + 2;
    let j_5 = t_2 + 3;
    let k_at_12 = k_at + t_2;
    let k_11 = k[k_at_12];
    let dot_20 = dot(q_1, k_11);
    let s_10 = dot_20 / 2.0;
    let k_at_13 = k_at_2 + t_2;
    let k_12 = k[k_at_13];
    let dot_21 = dot(q_2, k_12);
    let s_11 = dot_21 / 2.0;
    let dot_22 = wl_1 * s_10 + wl_2 * s_11;
    let p_10 = exp(dot_22 - m_0);
    let p_11 = p_10 / p_sum_0;
    let dot_23 = wl_3 * s_10 + wl_4 * s_11;
    let p_12 = exp(dot_23 - m_1);
    let p_13 = p_12 / p_sum_1;
    let dot_24 = ww_1 * p_11 + ww_2 * p_13;
    let v_1 = v[k_at_12];
    let k_at_14 = k_at + j_3;
    let k_13 = k[k_at_14];
    let dot_25 = dot(q_1, k_13);
    let s_12 = dot_25 / 2.0;
    let k_at_15 = k_at_2 + j_3;
    let k_14 = k[k_at_15];
    let dot_26 = dot(q_2, k_14);
    let s_13 = dot_26 / 2.0;
    let dot_27 = wl_1 * s_12 + wl_2 * s_13;
    let p_14 = exp(dot_27 - m_0);
    let p_15 = p_14 / p_sum_0;
    let dot_28 = wl_3 * s_12 + wl_4 * s_13;
    let p_16 = exp(dot_28 - m_1);
    let p_17 = p_16 / p_sum_1;
    let dot_29 = ww_1 * p_15 + ww_2 * p_17;
    let v_2 = v[k_at_14];
    let k_at_16 = k_at + j_4;
    let k_15 = k[k_at_16];
    let dot_30 = dot(q_1, k_15);
    let s_14 = dot_30 / 2.0;
    let k_at_17 = k_at_2 + j_4;
    let k_16 = k[k_at_17];
    let dot_31 = dot(q_2, k_16);
    let s_15 = dot_31 / 2.0;
    let dot_32 = wl_1 * s_14 + wl_2 * s_15;
    let p_18 = exp(dot_32 - m_0);
    let p_19 = p_18 / p_sum_0;
    let dot_33 = wl_3 * s_14 + wl_4 * s_15;
    let p_20 = exp(dot_33 - m_1);
    let p_21 = p_20 / p_sum_1;
    let dot_34 = ww_1 * p_19 + ww_2 * p_21;
    let v_3 = v[k_at_16];
    let k_at_18 = k_at + j_5;
    let k_17 = k[k_at_18];
    let dot_35 = dot(q_1, k_17);
    let s_16 = dot_35 / 2.0;
    let k_at_19 = k_at_2 + j_5;
    let k_18 = k[k_at_19];
    let dot_36 = dot(q_2, k_18);
    let s_17 = dot_36 / 2.0;
    let dot_37 = wl_1 * s_16 + wl_2 * s_17;
    let p_22 = exp(dot_37 - m_0);
    let p_23 = p_22 / p_sum_0;
    let dot_38 = wl_3 * s_16 + wl_4 * s_17;
    let p_24 = exp(dot_38 - m_1);
    let p_25 = p_24 / p_sum_1;
    let dot_39 = ww_1 * p_23 + ww_2 * p_25;
    let v_4 = v[k_at_18];
    o_0_0 = o_0_0 + dot_24 * v_1 + dot_29 * v_2 + dot_34 * v_3 + dot_39 * v_4;
    let dot_40 = ww_3 * p_11 + ww_4 * p_13;
    let v_5 = v[k_at_13];
    let dot_41 = ww_3 * p_15 + ww_4 * p_17;
    let v_6 = v[k_at_15];
    let dot_42 = ww_3 * p_19 + ww_4 * p_21;
    let v_7 = v[k_at_17];
    let dot_43 = ww_3 * p_23 + ww_4 * p_25;
    let v_8 = v[k_at_19];
    o_1_0 = o_1_0 + dot_40 * v_5 + dot_41 * v_6 + dot_42 * v_7 + dot_43 * v_8;
  }
  let rest_begin_1 = max(full_end_1, 0) / 4 * 4;
  for (var t_3 = rest_begin_1; t_3 < j_end_1; t_3++) {
    let j_in_1 = min(t_3, params.M - 1);
    let k_at_20 = k_at + j_in_1;
    let k_19 = k[k_at_20];
    let dot_44 = dot(q_1, k_19);
    let s_18 = dot_44 / 2.0;
    let k_at_21 = k_at_2 + j_in_1;
    let k_20 = k[k_at_21];
    let dot_45 = dot(q_2, k_20);
    let s_19 = dot_45 / 2.0;
    let dot_46 = wl_1 * s_18 + wl_2 * s_19;
    let p_26 = exp(dot_46 - m_0);
    let p_27 = p_26 / p_sum_0;
    let dot_47 = wl_3 * s_18 + wl_4 * s_19;
    let p_28 = exp(dot_47 - m_1);
    let p_29 = p_28 / p_sum_1;
    let dot_48 = ww_1 * p_27 + ww_2 * p_29;
    let v_9 = v[k_at_20];
    let cond_1 = j_in_1 <= at_1;
    let visible_1 = t_3 < j_end_1 && cond_1;
    o_0_0 += select(vec4f(0.0), dot_48 * v_9, vec4<bool>(visible_1));
    let dot_49 = ww_3 * p_27 + ww_4 * p_29;
    let v_10 = v[k_at_21];
    o_1_0 += select(vec4f(0.0), dot_49 * v_10, vec4<bool>(visible_1));
  }
  if (valid) {
    o[q_at_1] = o_0_0;
    o[q_at_3] = o_1_0;
  }
}
