using Helios.Sdk.Serving.Streaming;

namespace Helios.Sdk.Tests.Serving.Streaming;

public class SegmentsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Every_item_has_a_place_of_its_own_that_never_moves(int width)
    {
        var segments = new Segments<int>(width);
        var first = segments[0];
        for (var i = 0; i < 5000; i++) segments[i].Span.Fill(i);

        for (var i = 0; i < 5000; i++) segments[i].ToArray().Should().Equal(Enumerable.Repeat(i, width));
        segments[0].Equals(first).Should().BeTrue();
    }

    [Fact]
    public void It_takes_at_most_twice_what_is_in_it_beyond_the_first_segment()
    {
        var segments = new Segments<long>();
        segments.Bytes.Should().Be(0);
        for (var i = 0; i < 5000; i++)
        {
            segments[i].Span[0] = i;
            segments.Bytes.Should().BeLessThanOrEqualTo(sizeof(long) * (64 + 2L * (i + 1)));
        }
    }
}
