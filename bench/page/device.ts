/** Small helpers around a GPUDevice. */

/** Kernels with their buffers, ready to be added to a pass. */
export type Program = {
  readonly plan: string;
  /** Adds the dispatches; call what it returns when they are done. */
  readonly encode: (pass: GPUComputePassEncoder) => () => void;
  readonly output: GPUBuffer;
  readonly destroy: () => void;
};

const [MAP_READ, COPY_SRC, COPY_DST, STORAGE] = [1, 4, 8, 128];

/** A storage buffer, filled with `data`, or empty with so many bytes. */
export const bufferOf = (device: GPUDevice, data: Float32Array | Uint16Array | number): GPUBuffer => {
  const size = typeof data === "number" ? data : data.byteLength;
  const buffer = device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
  if (typeof data !== "number") device.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
  return buffer;
};

/** The bytes that a buffer holds. */
export const readBytes = async (
  device: GPUDevice,
  buffer: GPUBuffer,
  size: number = buffer.size,
): Promise<ArrayBuffer> => {
  const staging = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(1);
  const result = staging.getMappedRange().slice(0);
  staging.destroy();
  return result;
};

/** The f32s that a buffer holds. */
export const readBuffer = async (device: GPUDevice, buffer: GPUBuffer, count: number): Promise<Float32Array> =>
  new Float32Array(await readBytes(device, buffer, count * 4));

/** Encodes one pass, submits it and waits for its end. */
export const submitPass = async (device: GPUDevice, encode: (pass: GPUComputePassEncoder) => void): Promise<void> => {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  encode(pass);
  pass.end();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
};
