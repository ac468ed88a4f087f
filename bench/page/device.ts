/** Small helpers around a GPUDevice. */

const [MAP_READ, COPY_SRC, COPY_DST, STORAGE] = [1, 4, 8, 128];

/** A storage buffer, filled with `data`, or empty with so many numbers. */
export const bufferOf = (device: GPUDevice, data: Float32Array<ArrayBuffer> | number): GPUBuffer => {
  const count = typeof data === "number" ? data : data.length;
  const buffer = device.createBuffer({ size: count * 4, usage: STORAGE | COPY_SRC | COPY_DST });
  if (typeof data !== "number") device.queue.writeBuffer(buffer, 0, data);
  return buffer;
};

/** What a buffer holds. */
export const readBuffer = async (device: GPUDevice, buffer: GPUBuffer, count: number): Promise<Float32Array> => {
  const staging = device.createBuffer({ size: count * 4, usage: MAP_READ | COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, count * 4);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(1);
  const result = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return result;
};

/** Encodes one pass, submits it and waits for its end. */
export const submitPass = async (device: GPUDevice, encode: (pass: GPUComputePassEncoder) => void): Promise<void> => {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  encode(pass);
  pass.end();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
};
