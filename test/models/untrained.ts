/** A learning rate that moves no weight: with it a model does everything that training does, and stays untrained. It must fail what a trained one passes. */
export const STILL = 1e-30;
