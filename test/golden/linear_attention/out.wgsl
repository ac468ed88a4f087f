// Causal linear attention with the elu + 1 feature map.

struct Params {
  B: i32,
  H: i32,
  N: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> o: array<vec4f>;

var<workgroup> k_tile: array<vec4f, 32>;
var<workgroup> v_tile: array<vec4f, 32>;

// writes o; one stream for each (b, h, i)
// 1 pass over j, carrying a_v_sum, a_sum
// schedule: rows, 64 lanes x 1 row, 4 cells a step, tiles of 16 in workgroup memory
@compute @workgroup_size(64)
fn linear_attention(
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
  var a_v_sum_0 = vec4f(0.0);
  var a_v_sum_1 = vec4f(0.0);
  var a_sum = 0.0;
  let i_last = min(row0 + 63, params.N - 1);
  let j_end = min(params.N, i_last + 1);
  let j_full_end = min(params.N, row0 + 1);
  let k_at = rest * (2 * params.N * params.H) + h * (2 * params.N);
  let q_at = k_at + row_in * 2;
  let q_1 = q[q_at];
  let cond = q_1 > vec4f(0.0);
  let x = min(q_1, vec4f(0.0));
  let exp_1 = exp(x);
  let x_1 = exp_1 - 1.0;
  let x_2 = select(x_1, q_1, cond);
  let x_3 = x_2 + 1.0;
  let q_2 = q[q_at + 1];
  let cond_1 = q_2 > vec4f(0.0);
  let x_8 = min(q_2, vec4f(0.0));
  let exp_1_1 = exp(x_8);
  let x_9 = exp_1_1 - 1.0;
  let x_10 = select(x_9, q_2, cond_1);
  let x_11 = x_10 + 1.0;
  for (var tile0 = 0; tile0 < j_end; tile0 += 16) {
    let tile_end = min(tile0 + 16, j_end);
    workgroupBarrier();
    for (var slot = lane; slot < 32; slot += 64) {
      let cell = min(tile0 + slot / 2, params.N - 1);
      let part = slot % 2;
      let k_at_1 = k_at + (cell * 2 + part);
      let k_1 = k[k_at_1];
      k_tile[slot] = select(exp(min(k_1, vec4f(0.0))) - 1.0, k_1, k_1 > vec4f(0.0)) + 1.0;
    }
    for (var slot_1 = lane; slot_1 < 32; slot_1 += 64) {
      let cell_1 = min(tile0 + slot_1 / 2, params.N - 1);
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
      var a = 0.0;
      var a_1 = 0.0;
      var a_2 = 0.0;
      var a_3 = 0.0;
      let slot_2 = t - tile0;
      let x_4 = k_tile[slot_2 * 2];
      a += dot(x_3, x_4);
      let slot_3 = j - tile0;
      let x_5 = k_tile[slot_3 * 2];
      a_1 += dot(x_3, x_5);
      let slot_4 = j_1 - tile0;
      let x_6 = k_tile[slot_4 * 2];
      a_2 += dot(x_3, x_6);
      let slot_5 = j_2 - tile0;
      let x_7 = k_tile[slot_5 * 2];
      a_3 += dot(x_3, x_7);
      let x_12 = k_tile[slot_2 * 2 + 1];
      a += dot(x_11, x_12);
      let x_13 = k_tile[slot_3 * 2 + 1];
      a_1 += dot(x_11, x_13);
      let x_14 = k_tile[slot_4 * 2 + 1];
      a_2 += dot(x_11, x_14);
      let x_15 = k_tile[slot_5 * 2 + 1];
      a_3 += dot(x_11, x_15);
      let v_1 = v_tile[slot_2 * 2];
      let v_2 = v_tile[slot_3 * 2];
      let v_3 = v_tile[slot_4 * 2];
      let v_4 = v_tile[slot_5 * 2];
      a_v_sum_0 = a_v_sum_0 + a * v_1 + a_1 * v_2 + a_2 * v_3 + a_3 * v_4;
      let v_5 = v_tile[slot_2 * 2 + 1];
      let v_6 = v_tile[slot_3 * 2 + 1];
      let v_7 = v_tile[slot_4 * 2 + 1];
      let v_8 = v_tile[slot_5 * 2 + 1];
      a_v_sum_1 = a_v_sum_1 + a * v_5 + a_1 * v_6 + a_2 * v_7 + a_3 * v_8;
      a_sum = a_sum + a + a_1 + a_2 + a_3;
    }
    let rest_begin = tile0 + max(full_end - tile0, 0) / 4 * 4;
    for (var t_1 = rest_begin; t_1 < tile_end; t_1 += 4) {
      let j_in = min(t_1, params.N - 1);
      let j_3 = t_1 + 1;
      let j_in_1 = min(j_3, params.N - 1);
      let j_4 = t_1 + 2;
      let j_in_2 = min(j_4, params.N - 1);
      let j_5 = t_1 + 3;
      let j_in_3 = min(j_5, params.N - 1);
      var a_4 = 0.0;
      var a_5 = 0.0;
      var a_6 = 0.0;
      var a_7 = 0.0;
      let slot_6 = t_1 - tile0;
      let x_16 = k_tile[slot_6 * 2];
      a_4 += dot(x_3, x_16);
      let slot_7 = j_3 - tile0;
      let x_17 = k_tile[slot_7 * 2];
      a_5 += dot(x_3, x_17);
      let slot_8 = j_4 - tile0;
      let x_18 = k_tile[slot_8 * 2];
      a_6 += dot(x_3, x_18);
      let slot_9 = j_5 - tile0;
      let x_19 = k_tile[slot_9 * 2];
      a_7 += dot(x_3, x_19);
      let x_20 = k_tile[slot_6 * 2 + 1];
      a_4 += dot(x_11, x_20);
      let x_21 = k_tile[slot_7 * 2 + 1];
      a_5 += dot(x_11, x_21);
      let x_22 = k_tile[slot_8 * 2 + 1];
      a_6 += dot(x_11, x_22);
      let x_23 = k_tile[slot_9 * 2 + 1];
      a_7 += dot(x_11, x_23);
      let v_9 = v_tile[slot_6 * 2];
      let cond_2 = j_in <= row_in;
      let visible = (t_1 < j_end) & cond_2;
      let v_10 = v_tile[slot_7 * 2];
      let cond_3 = j_in_1 <= row_in;
      let visible_1 = (j_3 < j_end) & cond_3;
      let v_11 = v_tile[slot_8 * 2];
      let cond_4 = j_in_2 <= row_in;
      let visible_2 = (j_4 < j_end) & cond_4;
      let v_12 = v_tile[slot_9 * 2];
      let cond_5 = j_in_3 <= row_in;
      let visible_3 = (j_5 < j_end) & cond_5;
      a_v_sum_0 = a_v_sum_0 + select(vec4f(0.0), a_4 * v_9, vec4<bool>(visible)) + select(vec4f(0.0), a_5 * v_10, vec4<bool>(visible_1)) + select(vec4f(0.0), a_6 * v_11, vec4<bool>(visible_2)) + select(vec4f(0.0), a_7 * v_12, vec4<bool>(visible_3));
      let v_13 = v_tile[slot_6 * 2 + 1];
      let v_14 = v_tile[slot_7 * 2 + 1];
      let v_15 = v_tile[slot_8 * 2 + 1];
      let v_16 = v_tile[slot_9 * 2 + 1];
      a_v_sum_1 = a_v_sum_1 + select(vec4f(0.0), a_4 * v_13, vec4<bool>(visible)) + select(vec4f(0.0), a_5 * v_14, vec4<bool>(visible_1)) + select(vec4f(0.0), a_6 * v_15, vec4<bool>(visible_2)) + select(vec4f(0.0), a_7 * v_16, vec4<bool>(visible_3));
      a_sum = a_sum + select(0.0, a_4, visible) + select(0.0, a_5, visible_1) + select(0.0, a_6, visible_2) + select(0.0, a_7, visible_3);
    }
  }
  let o_1 = a_v_sum_0 / a_sum;
  let o_2 = a_v_sum_1 / a_sum;
  if (valid) {
    o[q_at] = o_1;
    o[q_at + 1] = o_2;
  }
}
