// Explicit sparse attention: the k largest scores of each row (arXiv 1912.11637).

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

var<workgroup> k_tile: array<vec4f, 16>;
var<workgroup> k_tile_1: array<vec4f, 16>;
var<workgroup> v_tile: array<vec4f, 16>;

// writes o; one stream for each (b, h, i)
// 2 passes over j, carrying s_kth, m, p_sum, p_v_sum
// schedule: rows, 64 lanes x 1 row, 4 cells a step, tiles of 16 in workgroup memory
@compute @workgroup_size(64)
fn topk_attention(
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
  // pass 1 of 2
  var s_kth_0 = -3.4028234663852886e38;
  var s_kth_1 = -3.4028234663852886e38;
  var s_kth_2 = -3.4028234663852886e38;
  let i_last = min(row0 + 63, params.N - 1);
  let j_end = min(params.M, i_last + params.M - params.N + 1);
  let j_full_end = min(params.M, row0 + params.M - params.N + 1);
  let k_at = rest * (params.M * params.H) + h * params.M;
  let q_at = rest * (params.N * params.H) + h * params.N;
  let q_at_1 = q_at + row_in;
  let q_1 = q[q_at_1];
  let at = row_in + params.M;
  let at_1 = at - params.N;
  for (var tile0 = 0; tile0 < j_end; tile0 += 16) {
    let tile_end = min(tile0 + 16, j_end);
    workgroupBarrier();
    for (var slot = lane; slot < 16; slot += 64) {
      let cell = min(tile0 + slot, params.M - 1);
      let k_at_1 = k_at + cell;
      k_tile[slot] = k[k_at_1];
    }
    workgroupBarrier();
    let full_end = min(tile_end, j_full_end);
    for (var t = tile0; t < full_end - 3; t += 4) {
      let j = t + 1;
      let j_1 = t + 2;
      let j_2 = t + 3;
      let slot_1 = t - tile0;
      let k_1 = k_tile[slot_1];
      let dot_1 = dot(q_1, k_1);
      let s = dot_1 / 2.0;
      let slot_2 = j - tile0;
      let k_2 = k_tile[slot_2];
      let dot_1_1 = dot(q_1, k_2);
      let s_1 = dot_1_1 / 2.0;
      let slot_3 = j_1 - tile0;
      let k_3 = k_tile[slot_3];
      let dot_2 = dot(q_1, k_3);
      let s_2 = dot_2 / 2.0;
      let slot_4 = j_2 - tile0;
      let k_4 = k_tile[slot_4];
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
    let rest_begin = tile0 + max(full_end - tile0, 0) / 4 * 4;
    for (var t_1 = rest_begin; t_1 < tile_end; t_1++) {
      let j_in = min(t_1, params.M - 1);
      let slot_5 = t_1 - tile0;
      let k_5 = k_tile[slot_5];
      let dot_4 = dot(q_1, k_5);
      let s_4 = dot_4 / 2.0;
      let cond = j_in <= at_1;
      let visible = t_1 < j_end && cond;
      let x_4 = select(-3.4028234663852886e38, s_4, visible);
      let rest_13 = min(s_kth_0, x_4);
      s_kth_0 = max(s_kth_0, x_4);
      let rest_14 = min(s_kth_1, rest_13);
      s_kth_1 = max(s_kth_1, rest_13);
      s_kth_2 = max(s_kth_2, rest_14);
    }
  }
  let s_kth = select(select(s_kth_0, s_kth_1, s_kth_1 > -3.4028234663852886e38), s_kth_2, s_kth_2 > -3.4028234663852886e38);
  // pass 2 of 2
  var m = -3.4028234663852886e38;
  var p_sum = 0.0;
  var p_v_sum_0 = vec4f(0.0);
  let i_last_1 = min(row0 + 63, params.N - 1);
  let j_end_1 = min(params.M, i_last_1 + params.M - params.N + 1);
  let at_2 = i_last_1 + params.M;
  let at_3 = at_2 - params.N;
  for (var tile0_1 = 0; tile0_1 < j_end_1; tile0_1 += 16) {
    let tile_end_1 = min(tile0_1 + 16, j_end_1);
    let some_visible = tile0_1 <= at_3;
    if (some_visible) {
      workgroupBarrier();
      for (var slot_6 = lane; slot_6 < 16; slot_6 += 64) {
        let cell_1 = min(tile0_1 + slot_6, params.M - 1);
        let k_at_2 = k_at + cell_1;
        k_tile_1[slot_6] = k[k_at_2];
      }
      for (var slot_7 = lane; slot_7 < 16; slot_7 += 64) {
        let cell_2 = min(tile0_1 + slot_7, params.M - 1);
        let v_at = k_at + cell_2;
        v_tile[slot_7] = v[v_at];
      }
      workgroupBarrier();
      for (var t_2 = tile0_1; t_2 < tile_end_1; t_2++) {
        let j_in_1 = min(t_2, params.M - 1);
        let slot_8 = t_2 - tile0_1;
        let k_6 = k_tile_1[slot_8];
        let dot_5 = dot(q_1, k_6);
        let s_5 = dot_5 / 2.0;
        let cond_1 = j_in_1 <= at_1;
        let cond_2 = cond_1 && s_5 >= s_kth;
        let visible_1 = t_2 < j_end_1 && cond_2;
        let m_new = max(m, select(-3.4028234663852886e38, s_5, visible_1));
        let p = exp(s_5 - m_new);
        let correction = exp(m - m_new);
        p_sum = p_sum * correction + select(0.0, p, visible_1);
        let slot_9 = t_2 - tile0_1;
        let v_1 = v_tile[slot_9];
        p_v_sum_0 = p_v_sum_0 * correction + select(vec4f(0.0), p * v_1, vec4<bool>(visible_1));
        m = m_new;
      }
    }
  }
  let cond_3 = m > -3.4028234663852886e38;
  let x_5 = 1.0 / p_sum;
  let x_6 = p_v_sum_0 * x_5;
  let x_7 = select(vec4f(0.0), x_6, vec4<bool>(cond_3));
  if (valid) {
    o[q_at_1] = x_7;
  }
}
