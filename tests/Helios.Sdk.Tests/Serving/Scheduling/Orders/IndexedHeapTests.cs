using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Serving.Scheduling.Orders;

namespace Helios.Sdk.Tests.Serving.Scheduling.Orders;

public class IndexedHeapTests
{
    [Fact]
    public void Whatever_is_added_removed_and_moved_the_least_comes_out_first()
    {
        var edits = Gen.Choose(0, 1000).ListOf().ToArbitrary();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(edits, list =>
        {
            var heap = new IndexedHeap<Item>();
            var inside = new List<Item>();
            foreach (var edit in list)
            {
                switch (edit % 4)
                {
                    case 0 when inside.Count > 0:
                        var removed = inside[edit % inside.Count];
                        inside.Remove(removed);
                        heap.Remove(removed);
                        break;
                    case 1 when inside.Count > 0:
                        var moved = inside[edit % inside.Count];
                        moved.Key = edit * 7919 % 1000;
                        heap.Moved(moved);
                        break;
                    default:
                        var item = new Item { Key = edit };
                        inside.Add(item);
                        heap.Add(item);
                        break;
                }

                heap.Count.Should().Be(inside.Count);
                if (inside.Count > 0) heap.First.Key.Should().Be(inside.Min(item => item.Key));
            }

            var keys = new List<int>();
            while (heap.Count > 0)
            {
                keys.Add(heap.First.Key);
                heap.Remove(heap.First);
            }

            keys.Should().Equal(inside.Select(item => item.Key).Order());
        }));
    }

    private sealed class Item : IHeapItem<Item>
    {
        public int Key { get; set; }

        public int HeapIndex { get; set; }

        public bool ComesBefore(Item other) => Key < other.Key;
    }
}
