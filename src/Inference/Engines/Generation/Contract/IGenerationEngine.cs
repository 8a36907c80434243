using Meridian.Inference.Tokenization;

namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>Continues texts, many at once: sequences join and leave the batch at every step.</summary>
public interface IGenerationEngine : IEngine
{
    /// <value>Most tokens of prompt and generated text together.</value>
    int ContextLength { get; }

    /// <value>
    /// Names what decides the bits besides the weights: provider, instruction set and ONNX Runtime's version, for example <c>cpu-avx512vnni-ort1.31.0</c>. The same request on two engines of
    /// one package and one arithmetic gives the same bits.
    /// </value>
    string Arithmetic { get; }

    /// <value>Thread-safe; lives as long as the engine.</value>
    IGenerationTokenizer Tokenizer { get; }

    /// <value>Counters; cheap to read at any time.</value>
    GenerationCounters Counters { get; }

    /// <summary>
    /// Checks, tokenizes on the caller's thread, and queues. All choices are admitted or none. A full queue or wrong input is an outcome, not an exception.
    /// The stream must be read to its end or cancelled.
    /// </summary>
    /// <param name="work">Prompts and what to do with them.</param>
    /// <param name="cancellationToken">Stops the tokenizing; a stream that is open does not look at it.</param>
    /// <exception cref="EngineStoppedException">The engine was disposed.</exception>
    /// <exception cref="OperationCanceledException">The caller has gone before the stream was open.</exception>
    GenerationAdmission Open(GenerationWork work, CancellationToken cancellationToken = default);
}
