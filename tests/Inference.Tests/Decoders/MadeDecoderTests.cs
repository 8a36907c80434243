using Meridian.Inference.Decoders;

namespace Meridian.Inference.Tests.Decoders;

public sealed class MadeDecoderTests(MadeModels models) : IClassFixture<MadeModels>
{
    public static TheoryData<KvLayout> Layouts => [KvLayout.Concatenated, KvLayout.Shared, KvLayout.Merged];

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task Layout_is_found_in_the_graph(KvLayout layout)
    {
        var (package, _) = await models.GetAsync(layout);
        Assert.Equal(
            new DecoderShape { Layout = layout, Layers = 2, KvHeads = 2, HeadDimension = 16, Vocabulary = 300, ContextLength = 64, ElementSize = 4 },
            DecoderCheck.Run(package));
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task One_token_at_a_time(KvLayout layout)
    {
        var (package, plain) = await models.GetAsync(layout);
        DecoderProperties.One_token_at_a_time(package, plain);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task A_prompt_in_chunks(KvLayout layout)
    {
        var (package, plain) = await models.GetAsync(layout);
        DecoderProperties.A_prompt_in_chunks(package, plain);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task Rows_of_every_kind_in_one_call(KvLayout layout)
    {
        var (package, plain) = await models.GetAsync(layout);
        DecoderProperties.Rows_of_every_kind_in_one_call(package, plain);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task Copies_and_truncations_go_on_as_if_computed(KvLayout layout)
    {
        var (package, plain) = await models.GetAsync(layout);
        DecoderProperties.Copies_and_truncations_go_on_as_if_computed(package, plain);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task A_slot_can_be_filled_to_the_end_of_the_context(KvLayout layout)
    {
        var (package, plain) = await models.GetAsync(layout);
        DecoderProperties.A_slot_can_be_filled_to_the_end_of_the_context(package, plain);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task Any_schedule(KvLayout layout)
    {
        var (package, plain) = await models.GetAsync(layout);
        DecoderProperties.Any_schedule(package, plain, samples: 150);
    }
}
