using CsCheck;
using Meridian.Messages;
using Meridian.Routing.Versions;
using Meridian.Specs;

namespace Meridian.Routing.Tests.Versions;

public sealed class VersionChoiceTests
{
    private const int Keys = 2000;

    private static readonly Gen<int[]> Weights = Gen.Int[0, 100].Array[1, DeploymentSpec.MaxWeights].Where(static weights => weights.Any(static w => w > 0));

    [Fact]
    public void Each_version_gets_its_share_within_three_sigma()
    {
        var targets = Targets(70, 30);
        var second = Enumerable.Range(0, Keys).Count(key => Choose(targets, key) == 1);

        Assert.InRange(second, (0.3 * Keys) - (3 * Math.Sqrt(Keys * 0.3 * 0.7)), (0.3 * Keys) + (3 * Math.Sqrt(Keys * 0.3 * 0.7)));
    }

    [Fact]
    public void A_version_without_weight_is_never_chosen() =>
        Weights.Sample(weights =>
        {
            var targets = Targets(weights);
            for (var key = 0; key < 50; key++)
                Assert.True(weights[Choose(targets, key)] > 0);
        });

    [Fact]
    public void A_higher_weight_moves_keys_to_its_version_alone() =>
        Gen.Select(Weights, Gen.Int[0, DeploymentSpec.MaxWeights - 1], Gen.Int[1, 50]).Sample((weights, at, more) =>
        {
            var raised = at % weights.Length;
            var after = weights.ToArray();
            after[raised] += more;
            for (var key = 0; key < 100; key++)
            {
                var (was, now) = (Choose(Targets(weights), key), Choose(Targets(after), key));
                Assert.True(was == now || now == raised, $"Key {key} moved from version {was} to {now}, but version {raised} was raised.");
            }
        });

    [Fact]
    public void The_order_of_the_versions_does_not_matter() =>
        Gen.Select(Weights, Gen.Int[0, 10_000]).Sample((weights, key) =>
        {
            var targets = Targets(weights);
            var turned = targets.Reverse().ToArray();
            Assert.Equal(targets[Choose(targets, key)], turned[Choose(turned, key)]);
        });

    [Fact]
    public void Another_salt_or_model_draws_again()
    {
        var targets = Targets(50, 50);
        var keys = Enumerable.Range(0, Keys).Select(static key => VersionKey.Of(Request($"caller-{key}"))).ToArray();

        Assert.InRange(keys.Count(key => VersionChoice.Choose(targets, key, "m", null) == VersionChoice.Choose(targets, key, "m", "again")), Keys * 0.4, Keys * 0.6);
        Assert.InRange(keys.Count(key => VersionChoice.Choose(targets, key, "m", null) == VersionChoice.Choose(targets, key, "n", null)), Keys * 0.4, Keys * 0.6);
    }

    [Fact]
    public void The_key_is_the_callers_own_or_the_first_user_message()
    {
        static InferRequest Chat(params (string Role, string Content)[] messages) => Request(null) with
        {
            Input = new GenerationInput
            {
                Prompts = [new PromptInput { Messages = [.. messages.Select(static m => new ChatMessage { Role = m.Role, Content = m.Content })] }],
                Sampling = new SamplingInput { Seed = 1 },
            },
        };
        var first = VersionKey.Of(Chat(("system", "s"), ("user", "hello")));

        Assert.Equal(first, VersionKey.Of(Chat(("system", "other"), ("user", "hello"), ("assistant", "hi"), ("user", "more"))));
        Assert.NotEqual(first, VersionKey.Of(Chat(("system", "s"), ("user", "bye"))));
        Assert.NotEqual(first, VersionKey.Of(Chat(("system", "s"), ("user", "hello")) with { Tenant = "acme" }));
        Assert.Equal(VersionKey.Of(Request("c")), VersionKey.Of(Chat(("user", "hello")) with { VersionKey = "c" }));
    }

    [Fact]
    public void A_request_is_pinned_to_the_chosen_version_only_while_it_is_ready()
    {
        var deployment = new DeploymentSpec { Version = "v2" };

        Assert.Equal("v2", VersionPin.Of(Request("c"), deployment, 0, static (_, _, _) => true).Version);
        Assert.Null(VersionPin.Of(Request("c"), deployment, 0, static (_, _, _) => false).Version);
        Assert.Equal("v1", VersionPin.Of(Request("c") with { Version = "v1" }, deployment, 0, static (_, _, _) => true).Version);
        Assert.Null(VersionPin.Of(Request("c"), new DeploymentSpec(), 0, static (_, _, _) => true).Version);
    }

    private static int Choose(VersionWeight[] targets, int key) => VersionChoice.Choose(targets, VersionKey.Of(Request($"caller-{key}")), "m", "salt");

    private static VersionWeight[] Targets(params int[] weights) => [.. weights.Select(static (weight, i) => new VersionWeight { Version = $"v{i}", Weight = weight })];

    private static InferRequest Request(string? key) => new() { RequestId = "r", Model = "m", RemainingMs = 1, VersionKey = key, Input = new EmbeddingInput { Texts = ["a"] } };
}
