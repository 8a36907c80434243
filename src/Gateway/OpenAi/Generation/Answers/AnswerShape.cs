using System.IO.Pipelines;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Answers;

/// <summary>How an API writes generated text.</summary>
internal abstract class AnswerShape
{
    /// <value>Begins every id.</value>
    public abstract string IdPrefix { get; }

    /// <value>The <c>object</c> of a whole answer.</value>
    public abstract string ObjectName { get; }

    /// <value>Whether an answer names the service tier of a request that asked for one.</value>
    public virtual bool NamesTier => false;

    /// <value>The request's field that holds the input, for refusals that blame it.</value>
    public abstract string InputField { get; }

    /// <summary>Writer of one streamed answer.</summary>
    public abstract ChunkWriter Chunks(AnswerIdentity identity, GenerationRequest request, StreamHead head);

    /// <summary>Writes one choice of a whole answer, an object.</summary>
    /// <param name="pipe">Flushed on the way where much is written.</param>
    /// <param name="index">Of the choice.</param>
    /// <param name="choice">All of it.</param>
    /// <param name="prompt">Text to put in front, or null.</param>
    /// <param name="cancellationToken">The caller went away.</param>
    public abstract ValueTask WriteChoiceAsync(PipeWriter pipe, int index, GatheredChoice choice, string? prompt, CancellationToken cancellationToken);
}
