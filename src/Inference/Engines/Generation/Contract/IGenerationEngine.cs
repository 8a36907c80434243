using Meridian.Inference.Tokenization;

namespace Meridian.Inference.Engines.Generation.Contract;

/// <summary>Generates text for many sequences at once. Sequences join and leave the batch at every step.</summary>
public interface IGenerationEngine : IEngine
{
    /// <value>Most tokens of prompt and generated text together.</value>
    int ContextLength { get; }

    /// <value>
    /// Names everything that decides the bits besides the weights: provider, instruction set and version of ONNX Runtime, for example
    /// <c>cpu-avx512vnni-ort1.31.0</c>. The same request gives the same bits on two engines with the same package and the same arithmetic.
    /// </value>
    string Arithmetic { get; }

    /// <value>Thread-safe. Lives as long as the engine.</value>
    IGenerationTokenizer Tokenizer { get; }

    /// <value>Cheap to read at any time.</value>
    GenerationCounters Counters { get; }

    /// <summary>
    /// Checks the request, tokenizes it on the caller's thread and queues it. Either all choices are admitted or none. A full queue or wrong input is a result,
    /// not an exception. The caller must read the stream to its end or cancel it.
    /// </summary>
    /// <param name="work">Prompts and settings.</param>
    /// <param name="cancellationToken">Stops the tokenization. Has no effect on a stream that is already open.</param>
    /// <exception cref="EngineStoppedException">The engine was disposed, or it has failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the stream was open.</exception>
    GenerationAdmission Open(GenerationWork work, CancellationToken cancellationToken = default);
}
