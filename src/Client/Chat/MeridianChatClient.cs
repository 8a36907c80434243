using System.Runtime.CompilerServices;
using System.Text;
using Meridian.Client.Regions;
using Meridian.Messages;
using Microsoft.Extensions.AI;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Meridian.Client.Chat;

/// <summary>
/// Chat client for Microsoft.Extensions.AI. Leaving the enumeration of a streamed answer, or cancelling its token, ends the region's work.
///
/// <para>Options: all members of <see cref="ChatOptions"/> that Meridian supports, and in <c>AdditionalProperties</c> <c>min_p</c>, <c>repetition_penalty</c>
/// and <c>logit_bias</c> (token ids to numbers). Anything else (tools, formats other than text, contents other than text) is refused by name.</para>
///
/// <para>The answer's <c>AdditionalProperties</c> has <c>region</c>, <c>version</c> and <c>variant</c>; in a streamed answer the first update has them.
/// <c>exact</c> is false if the request had a seed or temperature 0 and the text may differ from the reproducible text; in a streamed answer the last update
/// has it. The <c>RawRepresentation</c> of a streamed update is its <see cref="TokenGroup"/>.</para>
/// </summary>
internal sealed class MeridianChatClient(IMeridianClient client, RegionPool pool, SeedSource seeds, TimeProvider time) : IChatClient
{
    private readonly MeridianClientOptions _options = pool.Options;
    private readonly ChatClientMetadata _metadata = new("meridian", defaultModelId: pool.Options.DefaultChatModel);

    /// <exception cref="ArgumentException">A message or an option is wrong, or no model is named.</exception>
    /// <exception cref="NotSupportedException">The options or a message ask for a feature that this version does not have.</exception>
    /// <exception cref="Errors.MeridianException">The request was refused or lost. No partial answer is returned.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var stream = await client.OpenAsync(Request(messages, options), cancellationToken).ConfigureAwait(false);
        await using var closing = stream.ConfigureAwait(false);
        var createdAt = time.GetUtcNow();
        var text = new StringBuilder();
        var tokens = 0;
        ChatFinishReason? finish = null;
        while (await stream.ReadAsync(cancellationToken).ConfigureAwait(false) is { } frame)
        {
            foreach (var group in frame.Groups)
            {
                text.Append(group.Text);
                tokens += group.TokenIds.Length;
                finish ??= Finish(group.Finish);
            }
        }

        return new ChatResponse(new ChatMessage(ChatRole.Assistant, text.ToString()) { MessageId = stream.RequestId, CreatedAt = createdAt })
        {
            ResponseId = stream.RequestId,
            ModelId = stream.Head.Model,
            CreatedAt = createdAt,
            FinishReason = finish,
            Usage = Usage(stream.Head, tokens),
            AdditionalProperties = Origin(stream.Head, stream.Inexact),
        };
    }

    /// <inheritdoc cref="GetResponseAsync"/>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default) =>
        // Mistakes are thrown here and not at the first step of the enumeration.
        StreamAsync(Request(messages, options), cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(client) ? client
            : null;
    }

    public void Dispose()
    {
        // The service container owns the connections.
    }

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(InferRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var stream = await client.OpenAsync(request, cancellationToken).ConfigureAwait(false);
        await using var closing = stream.ConfigureAwait(false);
        var createdAt = time.GetUtcNow();
        var origin = Origin(stream.Head);
        var tokens = 0;
        while (await stream.ReadAsync(cancellationToken).ConfigureAwait(false) is { } frame)
        {
            foreach (var group in frame.Groups)
            {
                tokens += group.TokenIds.Length;
                // These tokens belong to an incomplete character, or to text that may become a stop string.
                if (group.Text.Length == 0 && group.Finish is null)
                    continue;

                yield return Update(group.Text.Length == 0 ? [] : [new TextContent(group.Text)], Finish(group.Finish), group);
            }
        }

        if (stream.Inexact)
            origin = Origin(stream.Head, inexact: true);
        yield return Update([new UsageContent(Usage(stream.Head, tokens))], null, null);

        ChatResponseUpdate Update(IList<AIContent> contents, ChatFinishReason? finish, object? raw)
        {
            var update = new ChatResponseUpdate(ChatRole.Assistant, contents)
            {
                ResponseId = stream.RequestId,
                MessageId = stream.RequestId,
                ModelId = stream.Head.Model,
                CreatedAt = createdAt,
                FinishReason = finish,
                AdditionalProperties = origin,
                RawRepresentation = raw,
            };
            origin = null;
            return update;
        }
    }

    private InferRequest Request(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        var input = ChatInput.Of(messages, options, this, seeds);
        return new InferRequest
        {
            RequestId = "",
            Model = options?.ModelId ?? _options.DefaultChatModel
                ?? throw new ArgumentException("No model is named: set ChatOptions.ModelId, or DefaultChatModel where the client is registered.", nameof(options)),
            Tenant = _options.Tenant,
            RemainingMs = 0,
            Input = input,
        };
    }

    private static ChatFinishReason? Finish(FinishReason? reason) => reason switch
    {
        FinishReason.Stop => ChatFinishReason.Stop,
        FinishReason.Length => ChatFinishReason.Length,
        _ => null,
    };

    private static UsageDetails Usage(StreamHead head, int tokens) => new()
    {
        InputTokenCount = head.PromptTokens,
        CachedInputTokenCount = head.CachedTokens,
        OutputTokenCount = tokens,
        TotalTokenCount = head.PromptTokens + tokens,
    };

    private static AdditionalPropertiesDictionary Origin(StreamHead head, bool inexact = false)
    {
        var origin = new AdditionalPropertiesDictionary
        {
            ["region"] = head.Region,
            ["version"] = head.Version,
            ["variant"] = head.Variant,
        };
        if (inexact)
            origin["exact"] = false;
        return origin;
    }
}
