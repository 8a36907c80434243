using CsCheck;
using Meridian.Federation.Regions;
using Meridian.Intents.Wire;
using Meridian.Messages;
using Meridian.Routing.Snapshots;
using MessagePack;

namespace Meridian.Federation.Tests.Protocol;

public sealed class WireFormatTests
{
    [Fact]
    public void Requests_survive_the_wire() =>
        Gen.Select(Gen.String, Gen.String.Array[0, 5], Gen.Int.Array[0, 9].Array[0, 5], Gen.Int, Gen.Bool).Sample((text, texts, ids, number, flag) =>
        {
            var request = new InferRequest
            {
                RequestId = text,
                Model = text,
                Version = flag ? text : null,
                RemainingMs = number,
                AttemptsLeft = number,
                Hops = number,
                Residency = flag ? texts : null,
                Input = flag ? new EmbeddingInput { Texts = texts, Truncate = true } : new EmbeddingInput { TokenIds = ids, Dimensions = number },
            };

            var back = Back(request);
            var (sent, came) = ((EmbeddingInput)request.Input, (EmbeddingInput)back.Input);
            return back with { Input = request.Input, Residency = request.Residency } == request
                && (request.Residency is null ? back.Residency is null : request.Residency.SequenceEqual(back.Residency!))
                && (flag ? sent.Texts!.SequenceEqual(came.Texts!) && came.TokenIds is null : sent.TokenIds!.Zip(came.TokenIds!).All(p => p.First.SequenceEqual(p.Second)))
                && (sent.Dimensions, sent.Truncate) == (came.Dimensions, came.Truncate);
        });

    [Fact]
    public void Replies_survive_the_wire()
    {
        var vectors = Enumerable.Range(0, 4096).Select(i => (byte)i).ToArray();
        var reply = InferReply.Of(new InferResult
        {
            Region = "westeurope",
            Model = "minilm",
            Version = "v2@9f3c1a20",
            Variant = "fp32",
            QueueMs = 1.5f,
            ServiceMs = float.NaN,
            Output = new EmbeddingOutput { Rows = 2, Dimensions = 512, Vectors = vectors, PromptTokens = 9 },
        });

        var back = Back(reply);

        Assert.Equal(vectors, ((EmbeddingOutput)back.Result!.Output).Vectors);
        Assert.Equal((1.5f, float.NaN), (back.Result.QueueMs, back.Result.ServiceMs));
        Assert.Equal(reply.Result!.Version, back.Result.Version);
        var refusal = InferReply.Refuse(RefusalCode.NoCapacity, "full", "input", 250);
        Assert.Equal(refusal, Back(refusal));
    }

    [Fact]
    public void An_intent_survives_the_wire()
    {
        var intent = Sample.Intent(("westeurope", "eu"), ("eastus", "us"));

        var back = Back(intent);

        Assert.Equal(intent.Regions, back.Regions);
        Assert.Equal(intent.Models.Select(m => m.Name), back.Models.Select(m => m.Name));
        Assert.Equal(Back(Intent.Empty).Epoch, Intent.Empty.Epoch);
    }

    [Fact]
    public void A_reader_lives_with_a_writer_that_knows_more()
    {
        // A BeatAck of a later version: one key more.
        var later = MessagePackSerializer.Serialize(new object?[] { 5L, 6L, new object?[] { "eu", 7L, Array.Empty<object>(), false, "new" }, 0L, 0L, null, 0L, "new" });

        var ack = MessagePackSerializer.Deserialize<BeatAck>(later, WireFormat.Options);

        Assert.Equal((5L, 6L, "eu", 7L), (ack.Sequence, ack.SentTimestamp, ack.Status.Region, ack.Status.Incarnation));
    }

    private static T Back<T>(T message) => MessagePackSerializer.Deserialize<T>(MessagePackSerializer.Serialize(message, WireFormat.Options), WireFormat.Options);
}
