/** Devices by what their vendors' data sheets say: f32 without matrix units (a multiply-add is two operations), bandwidth of the memory. */
export type Device = { readonly name: string; readonly tflops: number; readonly gbps: number };

export const DEVICES: readonly Device[] = [
  // 96 EU of 8 lanes at 1.35 GHz; LPDDR4X-4266, 128 bits.
  { name: "Intel Iris Xe", tflops: 2.1, gbps: 68 },
  // 8 cores; LPDDR4X-4266, 128 bits.
  { name: "Apple M1", tflops: 2.6, gbps: 68 },
  // 3584 lanes at 1.78 GHz.
  { name: "GeForce RTX 3060", tflops: 12.7, gbps: 360 },
  // 4096 lanes at 2.1 GHz.
  { name: "Arc A770", tflops: 17.2, gbps: 560 },
  // 6144 lanes at 2.5 GHz, two operations issued at once.
  { name: "Radeon RX 7900 XTX", tflops: 61.4, gbps: 960 },
  // 16384 lanes at 2.52 GHz.
  { name: "GeForce RTX 4090", tflops: 82.6, gbps: 1008 },
];

export type Bound = {
  /** Operations in a second, in units of 10^12, that the device can do at most at this intensity. */
  readonly tflops: number;
  readonly milliseconds: number;
  readonly by: "memory" | "arithmetic";
};

/** The roofline: whichever takes longer, moving the bytes or doing the operations. */
export const boundOf = ({ tflops, gbps }: Device, flops: number, bytes: number): Bound => {
  const [work, traffic] = [flops / (tflops * 1e9), bytes / (gbps * 1e6)];
  const milliseconds = Math.max(work, traffic);
  return {
    tflops: milliseconds === 0 ? 0 : flops / milliseconds / 1e9,
    milliseconds,
    by: work >= traffic ? "arithmetic" : "memory",
  };
};
