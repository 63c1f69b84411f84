/** TensorFlow.js. The whole library: its core alone has no gradients. Everything in lib that computes with tensors imports it from here. */
import * as tf from "@tensorflow/tfjs";

tf.enableProdMode(); // otherwise the plain backend greets every program with an advertisement on standard error

export { tf };
