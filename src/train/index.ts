/** `tfx-lang/train`: a training step of TFX kernels, from the kernels of the forward pass. */
export type { KernelCall, Layer, Model, PlanOptions, Shape } from "./model.ts";
export { deriveTraining, planTraining } from "./plan.ts";
export type { Derived, Place, PlannedCall, TrainingPlan } from "./plan.ts";
export { createTraining } from "./training.ts";
export type { StepOptions, Training } from "./training.ts";
