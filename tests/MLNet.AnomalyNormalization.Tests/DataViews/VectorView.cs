using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.AnomalyNormalization.Tests.DataViews;

/// <summary>
/// A data view of a third party: a column Values that hands out its own memory instead of a copy and counts its reads, and a column Number.
/// </summary>
internal sealed class VectorView<T> : IDataView
{
    private readonly VBuffer<T>[] _rows;

    public VectorView(VectorDataViewType type, VBuffer<T>[] rows)
    {
        _rows = rows;
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Values", type);
        builder.AddColumn("Number", NumberDataViewType.Single);
        Schema = builder.ToSchema();
    }

    public int VectorsRead { get; private set; }

    public bool CanShuffle => false;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => _rows.Length;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
        => new Cursor(this, [.. columnsNeeded.Select(column => column.Index)]);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(VectorView<T> view, HashSet<int> active) : DataViewRowCursor
    {
        private int _row = -1;

        public override long Position => _row;

        public override long Batch => 0;

        public override DataViewSchema Schema => view.Schema;

        public override bool MoveNext() => ++_row < view._rows.Length;

        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new((ulong)_row, 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
            => (ValueGetter<TValue>)(column.Index == 0 ? (Delegate)(ValueGetter<VBuffer<T>>)GetVector : (ValueGetter<float>)GetNumber);

        private void GetVector(ref VBuffer<T> value)
        {
            view.VectorsRead++;
            value = view._rows[_row];
        }

        private void GetNumber(ref float value) => value = _row;
    }
}
