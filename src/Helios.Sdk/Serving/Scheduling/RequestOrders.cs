using Helios.Sdk.Naming;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Scheduling.Orders;
using Helios.Sdk.Serving.Timing;

namespace Helios.Sdk.Serving.Scheduling;

/// <summary>Finds the order that <see cref="ServingOptions.Order"/> names, and makes the shipped scheduler with it.</summary>
internal static class RequestOrders
{
    private const string Option = $"{nameof(HeliosOptions.Serving)}:{nameof(ServingOptions.Order)}";

    /// <summary>Finds an order. Names have no case.</summary>
    /// <param name="name">What configuration says, e.g. <c>fair</c>.</param>
    /// <param name="time">Clock of the timestamps.</param>
    /// <param name="own">The application's orders; one of that name goes before a built-in one.</param>
    /// <returns>Makes one for a priority.</returns>
    /// <exception cref="InvalidOptionException">No such order; the fault says what is known.</exception>
    public static Func<IRequestOrder> Find(string name, TimeProvider time, IEnumerable<Func<IRequestOrder>>? own = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        Func<IRequestOrder>[] known = [.. own ?? [], () => new FairOrder(time), () => new FirstComeOrder(), () => new DeadlineOrder(time)];
        var names = known.Select(create => create().Name).ToList();
        Names.RefuseTwins(Option, names);
        var index = names.FindIndex(order => Names.Same(order, name));
        return index >= 0
            ? known[index]
            : throw new InvalidOptionException(new OptionFault(Option, $"'{name}'", string.Join(", ", names.Distinct(StringComparer.Ordinal))) { Note = NearMiss.Question(name, names) });
    }

    public static ContinuousBatchingScheduler CreateScheduler(ServingOptions options, TimeProvider time, IEnumerable<Func<IRequestOrder>>? own = null) =>
        new(new WaitingRoom(Find(options.Order, time, own), time.TimestampAfter(0, options.PriorityAging)));
}
