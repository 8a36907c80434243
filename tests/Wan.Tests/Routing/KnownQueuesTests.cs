using Meridian.Wan.Routing;

namespace Meridian.Wan.Tests.Routing;

public sealed class KnownQueuesTests
{
    private const double StepMs = 10;
    private const double PerTextMs = 2;

    private readonly KnownQueues _queues = new(StepMs, PerTextMs);

    [Fact]
    public void A_text_alone_takes_a_step_for_each_token() => Assert.Equal(5 * StepMs, _queues.ServiceMs("a", 5));

    [Fact]
    public void Each_step_lasts_as_long_as_there_are_texts_in_it()
    {
        Begin("a", 3);
        Begin("a", 8);

        // Three steps beside both texts, two more beside the longer one.
        Assert.Equal((3 * (StepMs + (2 * PerTextMs))) + (2 * (StepMs + PerTextMs)), _queues.ServiceMs("a", 5));

        // Beyond the longer text the new one is alone.
        Assert.Equal((3 * (StepMs + (2 * PerTextMs))) + (5 * (StepMs + PerTextMs)) + (2 * StepMs), _queues.ServiceMs("a", 10));
    }

    [Fact]
    public void A_text_counts_with_its_tokens_that_are_still_to_come()
    {
        var text = Begin("a", 4);
        text.Advance();
        text.Advance();
        Assert.Equal((2 * (StepMs + PerTextMs)) + (2 * StepMs), _queues.ServiceMs("a", 4));

        for (var i = 0; i < 3; i++)
            text.Advance();
        Assert.Equal(4 * StepMs, _queues.ServiceMs("a", 4));
    }

    [Fact]
    public void A_text_that_has_ended_counts_no_more_and_other_regions_never_counted_it()
    {
        var text = Begin("a", 100);
        Assert.Equal(4 * StepMs, _queues.ServiceMs("b", 4));

        _queues.End(text);
        Assert.Equal(4 * StepMs, _queues.ServiceMs("a", 4));
    }

    [Fact]
    public void The_region_where_a_text_ends_first_is_chosen_by_its_round_trip_and_its_texts()
    {
        (string, double)[] regions = [("near", 0), ("far", 30)];

        // A text of 10 tokens takes 20 ms longer beside each text in the near region, and 30 ms longer by way of the far one.
        Assert.Equal("near", _queues.Begin(regions, 10).Region);
        Assert.Equal("near", _queues.Begin(regions, 10).Region);
        Assert.Equal("far", _queues.Begin(regions, 10).Region);
        Assert.Equal("near", _queues.Begin(regions, 10).Region);
    }

    private KnownQueues.Text Begin(string region, int tokens) => _queues.Begin([(region, 0)], tokens);
}
