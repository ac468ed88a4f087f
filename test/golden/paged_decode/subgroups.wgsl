// Decoding against a paged key-value cache.

struct Params {
  B: i32,
  C: i32,
  L: i32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> pool_k: array<vec4f>;
@group(0) @binding(3) var<storage, read> pool_v: array<vec4f>;
@group(0) @binding(4) var<storage, read> pages: array<i32>;
@group(0) @binding(5) var<storage, read> length: array<i32>;
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> stats_part: array<f32>;
@group(0) @binding(7) var<storage, read> stats_part_in: array<f32>;
@group(0) @binding(8) var<storage, read_write> p_v_sum_part: array<vec4f>;
@group(0) @binding(8) var<storage, read> p_v_sum_part_in: array<vec4f>;

var<workgroup> shared_1: array<f32, 64>;
var<workgroup> parts4: array<vec4f, 512>;
var<workgroup> totals4: array<vec4f, 8>;

// writes stats_part, p_v_sum_part; one stream for each (b, g, r, part)
// 1 pass over j, carrying m_log2, p_sum, p_v_sum
// schedule: split, 64 lanes, 64 a row, 1 cells a step
@compute @workgroup_size(64)
fn paged_decode_parts(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_index) lid: u32,
) {
  let group = i32(wid.x + wid.y * nwg.x);
  let lane = i32(lid);
  if (group >= params.B * 2 * 2 * 16) {
    return;
  }
  let part = group % 16;
  let rest = group / 16;
  let r = rest % 2;
  let rest_1 = rest / 2;
  let g = rest_1 % 2;
  let rest_2 = rest_1 / 2;
  var m_log2 = -3.4028234663852886e38;
  var p_sum = 0.0;
  var p_v_sum_0 = vec4f(0.0);
  var p_v_sum_1 = vec4f(0.0);
  let at = params.L * 4;
  let at_1 = at + 15;
  let at_2 = at_1 / 16;
  let at_3 = part * at_2;
  let j_begin = max(0, at_3);
  let j_end = min(min(params.L * 4, at_3 + at_2 - 1 + 1), min(max(max(length[rest_2], -2147483647) - 1, -1), params.L * 4) + 1);
  let at_4 = at_3 + at_2;
  let length_1 = length[rest_2];
  let pages_at = rest_2 * params.L;
  let q_at = rest_2 * 8 + g * 4 + r * 2;
  let q_1 = q[q_at];
  let pool_k_at = g * 2;
  let q_2 = q[q_at + 1];
  for (var tile0 = j_begin; tile0 < j_end; tile0 += 64) {
    let tile_end = min(tile0 + 64, j_end);
    let tile_last = tile_end - 1;
    let some_visible = (tile_last >= at_3) & (tile0 < at_4) & (tile0 < length_1);
    if (some_visible) {
      for (var t = tile0 + lane; t < tile_end; t += 64) {
        let j_in = min(t, params.L * 4 - 1);
        let at_5 = j_in / 4;
        let pages_at_1 = pages_at + at_5;
        let pages_1 = pages[pages_at_1];
        let cond = pages_1 >= 0;
        let cond_1 = pages_1 < params.C;
        let cond_2 = cond & cond_1;
        let at_6 = j_in % 4;
        let pool_k_at_1 = pool_k_at + (min(max(pages_1, 0), params.C - 1) * 16 + at_6 * 4);
        let k = pool_k[pool_k_at_1];
        let k_1 = pool_k[pool_k_at_1 + 1];
        let dot_1 = dot(q_1, k) + dot(q_2, k_1);
        let x = select(0.0, dot_1, cond_2);
        let s_log2 = x * 0.5100697;
        let cond_3 = j_in >= at_3;
        let cond_4 = j_in < at_4;
        let cond_5 = cond_3 & cond_4;
        let cond_6 = j_in < length_1;
        let cond_7 = cond_5 & cond_6;
        let visible = (t < j_end) & cond_7;
        let m_log2_new = max(m_log2, select(-3.4028234663852886e38, s_log2, visible));
        let p = exp2(s_log2 - m_log2_new);
        let correction = exp2(m_log2 - m_log2_new);
        p_sum = p_sum * correction + select(0.0, p, visible);
        let v = pool_v[pool_k_at_1];
        let cond_8 = cond_6 & cond;
        let cond_9 = cond_8 & cond_1;
        let cond_10 = cond_5 & cond_9;
        let visible_1 = (t < j_end) & cond_10;
        p_v_sum_0 = p_v_sum_0 * correction + select(vec4f(0.0), p * v, vec4<bool>(visible_1));
        let v_1 = pool_v[pool_k_at_1 + 1];
        p_v_sum_1 = p_v_sum_1 * correction + select(vec4f(0.0), p * v_1, vec4<bool>(visible_1));
        m_log2 = m_log2_new;
      }
    }
  }
  workgroupBarrier();
  shared_1[lane] = m_log2;
  workgroupBarrier();
  if (lane < 32) {
    let sum = max(shared_1[lane], shared_1[lane + 32]);
    shared_1[lane] = sum;
  }
  workgroupBarrier();
  if (lane < 16) {
    let sum_1 = max(shared_1[lane], shared_1[lane + 16]);
    shared_1[lane] = sum_1;
  }
  workgroupBarrier();
  if (lane < 8) {
    let sum_2 = max(shared_1[lane], shared_1[lane + 8]);
    shared_1[lane] = sum_2;
  }
  workgroupBarrier();
  if (lane < 4) {
    let sum_3 = max(shared_1[lane], shared_1[lane + 4]);
    shared_1[lane] = sum_3;
  }
  workgroupBarrier();
  if (lane < 2) {
    let sum_4 = max(shared_1[lane], shared_1[lane + 2]);
    shared_1[lane] = sum_4;
  }
  workgroupBarrier();
  if (lane < 1) {
    let sum_5 = max(shared_1[lane], shared_1[lane + 1]);
    shared_1[lane] = sum_5;
  }
  workgroupBarrier();
  let m_log2_1 = shared_1[0];
  let to_common = exp2(m_log2 - m_log2_1);
  workgroupBarrier();
  shared_1[lane] = p_sum * to_common;
  workgroupBarrier();
  if (lane < 32) {
    let sum_6 = shared_1[lane] + shared_1[lane + 32];
    shared_1[lane] = sum_6;
  }
  workgroupBarrier();
  if (lane < 16) {
    let sum_7 = shared_1[lane] + shared_1[lane + 16];
    shared_1[lane] = sum_7;
  }
  workgroupBarrier();
  if (lane < 8) {
    let sum_8 = shared_1[lane] + shared_1[lane + 8];
    shared_1[lane] = sum_8;
  }
  workgroupBarrier();
  if (lane < 4) {
    let sum_9 = shared_1[lane] + shared_1[lane + 4];
    shared_1[lane] = sum_9;
  }
  workgroupBarrier();
  if (lane < 2) {
    let sum_10 = shared_1[lane] + shared_1[lane + 2];
    shared_1[lane] = sum_10;
  }
  workgroupBarrier();
  if (lane < 1) {
    let sum_11 = shared_1[lane] + shared_1[lane + 1];
    shared_1[lane] = sum_11;
  }
  workgroupBarrier();
  let p_sum_1 = shared_1[0];
  workgroupBarrier();
  parts4[lane] = p_v_sum_0 * to_common;
  parts4[lane + 64] = p_v_sum_1 * to_common;
  workgroupBarrier();
  for (var nth = lane; nth < 2; nth += 64) {
    var total = vec4f(0.0);
    for (var other = 0; other < 64; other++) {
      total += parts4[nth * 64 + other];
    }
    totals4[nth] = total;
  }
  workgroupBarrier();
  let p_v_sum = totals4[0];
  let p_v_sum_2 = totals4[1];
  let cond_11 = m_log2_1 > -3.4028234663852886e38;
  let m = m_log2_1 * 0.6931472;
  let x_1 = select(-3.4028234663852886e38, m, cond_11);
  let stats_part_at = rest_2 * 128 + g * 64 + r * 32 + part * 2;
  if (lane == 0) {
    stats_part[stats_part_at] = x_1;
    stats_part[stats_part_at + 1] = p_sum_1;
    p_v_sum_part[stats_part_at] = p_v_sum;
    p_v_sum_part[stats_part_at + 1] = p_v_sum_2;
  }
}

var<workgroup> shared_2: array<f32, 64>;
var<workgroup> parts4_1: array<vec4f, 512>;
var<workgroup> totals4_1: array<vec4f, 32>;

// writes y; one stream for each (b, g, r)
// 1 pass over part, carrying m, p_sum, p_v_sum
// schedule: split, 64 lanes, 16 a row, 1 cells a step
@compute @workgroup_size(64)
fn paged_decode_merge(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_index) lid: u32,
) {
  let group = i32(wid.x + wid.y * nwg.x);
  let lane = i32(lid);
  if (group >= (params.B * 2 * 2 + 3) / 4) {
    return;
  }
  let row0 = group * 4;
  let row = row0 + lane / 16;
  let valid = row < params.B * 2 * 2;
  let row_in = min(row, params.B * 2 * 2 - 1);
  let r = row_in % 2;
  let rest = row_in / 2;
  let g = rest % 2;
  let rest_1 = rest / 2;
  var m = -3.4028234663852886e38;
  var p_sum = 0.0;
  var p_v_sum_0 = vec4f(0.0);
  var p_v_sum_1 = vec4f(0.0);
  let member = lane % 16;
  let stats_part_at = rest_1 * 128 + g * 64 + r * 32;
  for (var tile0 = 0; tile0 < 16; tile0 += 32) {
    let tile_end = min(tile0 + 32, 16);
    for (var t = tile0 + member; t < tile_end; t += 16) {
      let part_in = min(t, 15);
      let stats_part_at_1 = stats_part_at + part_in * 2;
      let stats_part_1 = stats_part_in[stats_part_at_1];
      let visible = t < 16;
      let m_new = max(m, select(-3.4028234663852886e38, stats_part_1, visible));
      let exp_1 = exp(stats_part_1 - m_new);
      let cond = stats_part_1 > -3.4028234663852886e38;
      let visible_1 = (t < 16) & cond;
      let correction = exp(m - m_new);
      p_sum = p_sum * correction + select(0.0, exp_1 * stats_part_in[stats_part_at_1 + 1], visible_1);
      p_v_sum_0 = p_v_sum_0 * correction + select(vec4f(0.0), exp_1 * p_v_sum_part_in[stats_part_at_1], vec4<bool>(visible_1));
      p_v_sum_1 = p_v_sum_1 * correction + select(vec4f(0.0), exp_1 * p_v_sum_part_in[stats_part_at_1 + 1], vec4<bool>(visible_1));
      m = m_new;
    }
  }
  workgroupBarrier();
  shared_2[lane] = m;
  workgroupBarrier();
  if (lane % 16 < 8) {
    let sum = max(shared_2[lane], shared_2[lane + 8]);
    shared_2[lane] = sum;
  }
  workgroupBarrier();
  if (lane % 16 < 4) {
    let sum_1 = max(shared_2[lane], shared_2[lane + 4]);
    shared_2[lane] = sum_1;
  }
  workgroupBarrier();
  if (lane % 16 < 2) {
    let sum_2 = max(shared_2[lane], shared_2[lane + 2]);
    shared_2[lane] = sum_2;
  }
  workgroupBarrier();
  if (lane % 16 < 1) {
    let sum_3 = max(shared_2[lane], shared_2[lane + 1]);
    shared_2[lane] = sum_3;
  }
  workgroupBarrier();
  let m_1 = shared_2[lane - lane % 16];
  let to_common = exp(m - m_1);
  workgroupBarrier();
  shared_2[lane] = p_sum * to_common;
  workgroupBarrier();
  if (lane % 16 < 8) {
    let sum_4 = shared_2[lane] + shared_2[lane + 8];
    shared_2[lane] = sum_4;
  }
  workgroupBarrier();
  if (lane % 16 < 4) {
    let sum_5 = shared_2[lane] + shared_2[lane + 4];
    shared_2[lane] = sum_5;
  }
  workgroupBarrier();
  if (lane % 16 < 2) {
    let sum_6 = shared_2[lane] + shared_2[lane + 2];
    shared_2[lane] = sum_6;
  }
  workgroupBarrier();
  if (lane % 16 < 1) {
    let sum_7 = shared_2[lane] + shared_2[lane + 1];
    shared_2[lane] = sum_7;
  }
  workgroupBarrier();
  let p_sum_1 = shared_2[lane - lane % 16];
  workgroupBarrier();
  parts4_1[lane] = p_v_sum_0 * to_common;
  parts4_1[lane + 64] = p_v_sum_1 * to_common;
  workgroupBarrier();
  for (var nth = lane % 16; nth < 2; nth += 16) {
    var total = vec4f(0.0);
    for (var other = 0; other < 16; other++) {
      total += parts4_1[nth * 64 + lane / 16 * 16 + other];
    }
    totals4_1[nth * 4 + lane / 16] = total;
  }
  workgroupBarrier();
  let p_v_sum = totals4_1[lane / 16];
  let p_v_sum_2 = totals4_1[4 + lane / 16];
  let cond_1 = m_1 > -3.4028234663852886e38;
  let x = 1.0 / p_sum_1;
  let x_1 = p_v_sum * x;
  let x_2 = select(vec4f(0.0), x_1, vec4<bool>(cond_1));
  let y_at = rest_1 * 8 + g * 4 + r * 2;
  let x_3 = p_v_sum_2 * x;
  let x_4 = select(vec4f(0.0), x_3, vec4<bool>(cond_1));
  if (valid & (lane % 16 == 0)) {
    y[y_at] = x_2;
    y[y_at + 1] = x_4;
  }
}
