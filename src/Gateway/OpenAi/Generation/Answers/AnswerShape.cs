using System.IO.Pipelines;
using Meridian.Gateway.OpenAi.Generation.Requests;
using Meridian.Messages;

namespace Meridian.Gateway.OpenAi.Generation.Answers;

/// <summary>The format in which one API writes generated text.</summary>
internal abstract class AnswerShape
{
    /// <value>Prefix of every answer id.</value>
    public abstract string IdPrefix { get; }

    /// <value>The <c>object</c> of a whole answer.</value>
    public abstract string ObjectName { get; }

    /// <value>Whether an answer names the service tier of a request that asked for one.</value>
    public virtual bool NamesTier => false;

    /// <value>Name of the request field that holds the input. A refusal that concerns the input names this field.</value>
    public abstract string InputField { get; }

    /// <summary>Creates the writer of one streamed answer.</summary>
    public abstract ChunkWriter Chunks(AnswerIdentity identity, GenerationRequest request, StreamHead head);

    /// <summary>Writes one choice of a whole answer as a JSON object.</summary>
    /// <param name="pipe">Is flushed in between if much is written.</param>
    /// <param name="choice">The complete choice.</param>
    /// <param name="prompt">Text to write before the choice's text, or null.</param>
    /// <param name="cancellationToken">The caller went away.</param>
    public abstract ValueTask WriteChoiceAsync(PipeWriter pipe, int index, GatheredChoice choice, string? prompt, CancellationToken cancellationToken);
}
