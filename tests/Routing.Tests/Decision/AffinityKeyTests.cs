using Meridian.Federation.Tests;
using Meridian.Messages;
using Meridian.Routing.Decision;

namespace Meridian.Routing.Tests.Decision;

public sealed class AffinityKeyTests
{
    private static readonly string Long = new('x', AffinityKey.MostCharacters);

    [Fact]
    public void The_callers_own_key_decides_beside_tenant_and_model()
    {
        var key = AffinityKey.Of(Text("one") with { Affinity = "conversation-1" });

        Assert.Equal(key, AffinityKey.Of(Text("two") with { Affinity = "conversation-1" }));
        Assert.NotEqual(key, AffinityKey.Of(Text("one") with { Affinity = "conversation-2" }));
        Assert.NotEqual(key, AffinityKey.Of(Text("one") with { Affinity = "conversation-1", Model = "phi" }));
        Assert.NotEqual(key, AffinityKey.Of(Text("one") with { Affinity = "conversation-1", Tenant = "another" }));
    }

    [Fact]
    public void The_beginning_of_a_prompt_decides_and_its_end_does_not()
    {
        Assert.NotEqual(AffinityKey.Of(Text("one")), AffinityKey.Of(Text("two")));
        Assert.Equal(AffinityKey.Of(Text(Long + "one")), AffinityKey.Of(Text(Long + "two")));
        int[] ids = [.. Enumerable.Range(0, AffinityKey.MostTokens)];
        Assert.Equal(AffinityKey.Of(Ids([.. ids, 1])), AffinityKey.Of(Ids([.. ids, 2])));
        Assert.NotEqual(AffinityKey.Of(Ids([1])), AffinityKey.Of(Ids([2])));
    }

    [Fact]
    public void A_conversation_keeps_its_key_from_turn_to_turn()
    {
        var first = AffinityKey.Of(Chat(("system", "Be brief."), ("user", "Who?")));

        Assert.Equal(first, AffinityKey.Of(Chat(("system", "Be brief."), ("user", "Who?"), ("assistant", "Me."), ("user", "Why?"))));
        Assert.NotEqual(first, AffinityKey.Of(Chat(("system", "Be brief."), ("user", "Where?"))));
        Assert.NotEqual(first, AffinityKey.Of(Chat(("system", "Be verbose."), ("user", "Who?"))));

        // What all conversations of a long instruction share is worth more than a conversation's own first words.
        Assert.Equal(AffinityKey.Of(Chat(("system", Long), ("user", "Who?"))), AffinityKey.Of(Chat(("system", Long), ("user", "Where?"))));
    }

    [Fact]
    public void What_generates_nothing_has_no_key()
    {
        Assert.Equal(0ul, AffinityKey.Of(Sample.Request() with { Affinity = "conversation-1" }));
        Assert.Equal(0ul, AffinityKey.Of(Sample.Generation() with { Input = new GenerationInput { Prompts = [], Sampling = new SamplingInput { Seed = 1 } } }));
        Assert.NotEqual(0ul, AffinityKey.Of(Text("")));
    }

    [Fact]
    public void Every_build_at_every_edge_finds_the_same_key() =>
        Assert.Equal(Expected, AffinityKey.Of(Chat(("system", "Be brief."), ("user", "Who?"))));

    [Fact]
    public void A_key_allocates_nothing()
    {
        var request = Chat(("system", Long), ("user", "Who?"));
        AffinityKey.Of(request);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            AffinityKey.Of(request);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private const ulong Expected = 4297186848520472361;

    private static InferRequest Text(string text) => Of(new PromptInput { Text = text });

    private static InferRequest Ids(int[] ids) => Of(new PromptInput { TokenIds = ids });

    private static InferRequest Chat(params (string Role, string Content)[] turns) =>
        Of(new PromptInput { Messages = [.. turns.Select(t => new ChatMessage { Role = t.Role, Content = t.Content })] });

    private static InferRequest Of(PromptInput prompt) =>
        Sample.Generation() with { Input = new GenerationInput { Prompts = [prompt], Sampling = new SamplingInput { Seed = 1 } } };
}
