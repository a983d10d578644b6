using Helios.Sdk.Serving.Requests;

namespace Helios.Sdk.Tests.Serving.Requests;

public sealed class QueuePlacesTests
{
    [Fact]
    public void A_burst_may_fill_the_batch_and_the_queue()
    {
        var queue = new QueuePlaces(maxQueueLength: 3, maxBatchSize: 4);
        queue.TryTake(7).Should().HaveCount(7);
        queue.TryTake(1).Should().BeNull();
        queue.Waiting.Should().Be(7);
    }

    [Fact]
    public void While_somebody_waits_room_in_the_batch_is_none()
    {
        var queue = new QueuePlaces(maxQueueLength: 3, maxBatchSize: 4);
        queue.Planned(running: 1, leftWaiting: 1);
        queue.TryTake(4).Should().BeNull();
        queue.TryTake(3).Should().HaveCount(3);

        queue.Planned(running: 2, leftWaiting: 0);
        queue.TryTake(2).Should().HaveCount(2);
        queue.TryTake(1).Should().BeNull();
    }

    [Fact]
    public void A_place_is_given_back_once()
    {
        var queue = new QueuePlaces(maxQueueLength: 1, maxBatchSize: 1);
        var place = queue.TryTake(1)![0];
        place.Leave();
        place.Leave();
        queue.Waiting.Should().Be(0);
        queue.TryTake(3).Should().BeNull();
        queue.TryTake(2).Should().HaveCount(2);
    }

    [Fact]
    public void The_longest_queue_does_not_overflow()
    {
        var queue = new QueuePlaces(int.MaxValue, int.MaxValue);
        queue.TryTake(5).Should().HaveCount(5);
    }
}
